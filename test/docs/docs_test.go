// Package docs holds the documents to their word: what they show is loaded,
// run, or compared with what it is about.
package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/priority"
)

const root = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// blocks are the README's blocks of one language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var found []string
	for _, m := range fence.FindAllStringSubmatch(read(t, "README.md"), -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	if len(found) == 0 {
		t.Fatalf("README.md has no block of %s", language)
	}
	return found
}

func TestConfigurationsLoad(t *testing.T) {
	t.Setenv("KAFKA_PASSWORD", "secret")
	for _, text := range blocks(t, "yaml") {
		if !strings.HasPrefix(text, "# boostd.yaml\n") {
			t.Errorf("a block of YAML doesn't begin with \"# boostd.yaml\":\n%s", text)
		}
		if _, err := conf.Parse("README.md", []byte(text)); err != nil {
			t.Errorf("%v\nin\n%s", err, text)
		}
	}
}

func TestSettingsLoad(t *testing.T) {
	documents := 0
	for _, text := range blocks(t, "json") {
		if !json.Valid([]byte(text)) {
			t.Errorf("not JSON:\n%s", text)
		}
		if !strings.Contains(text, "max_priority") {
			continue
		}
		documents++
		_, warnings, err := priority.Parse([]byte(text))
		if err != nil || len(warnings) > 0 {
			t.Errorf("error %v, warnings %v in\n%s", err, warnings, text)
		}
	}
	if documents == 0 {
		t.Error("README.md has no settings document")
	}
}

// The files of the example and what the README shows of them are the same.
func TestExampleIsWhatTheReadmeShows(t *testing.T) {
	for file, language := range map[string]string{
		"boostd.yaml": "yaml", "settings.json": "json", "orders.py": "python", "billing.py": "python",
	} {
		if text := read(t, "examples/orders/"+file); !slices.Contains(blocks(t, language), text) {
			t.Errorf("README.md doesn't show examples/orders/%s as it is", file)
		}
	}
}

// The README's table has every key of boostd.yaml, and no other.
func TestTableOfKeys(t *testing.T) {
	want := keys(reflect.TypeFor[conf.File](), "")
	var got []string
	_, section, _ := strings.Cut(read(t, "README.md"), "\n## boostd.yaml\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]*)` \\|").FindAllStringSubmatch(section, -1) {
		got = append(got, m[1])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the table has\n%s\nboostd.yaml has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// placeholders are what the table calls the names that users choose.
var placeholders = map[string]string{"kafka.levels": "LEVEL", "topics": "TOPIC", "handlers": "HANDLER"}

func keys(t reflect.Type, path string) []string {
	switch {
	case t.Kind() == reflect.Pointer:
		return keys(t.Elem(), path)
	case t.Kind() == reflect.Map && placeholders[path] != "":
		return keys(t.Elem(), path+"."+placeholders[path])
	case t.Kind() != reflect.Struct || t.NumField() == 0:
		return []string{path}
	}
	var all []string
	for f := range t.NumField() {
		if name := t.Field(f).Tag.Get("yaml"); name != "" && name != "-" {
			all = append(all, keys(t.Field(f).Type, strings.TrimPrefix(path+"."+name, "."))...)
		}
	}
	return all
}

func TestLinksAndMakeTargets(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, file := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "test/REQUIREMENTS.md"} {
		text := read(t, file)
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which there isn't", file, m[1])
			}
		}
	}
}
