// Package docs holds the documents to their word: what they show is loaded,
// run, or compared with what it is about.
package docs

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/conf"
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

// blocks are the README's blocks of one language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var found []string
	for _, s := range snippets(t, "README.md") {
		if s.language == language {
			found = append(found, s.text)
		}
	}
	if len(found) == 0 {
		t.Fatalf("README.md has no block of %s", language)
	}
	return found
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
	for _, field := range reflect.VisibleFields(t) {
		if name := field.Tag.Get("yaml"); name != "" && name != "-" {
			all = append(all, keys(field.Type, strings.TrimPrefix(path+"."+name, "."))...)
		}
	}
	return all
}

func TestLinksAndMakeTargets(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, file := range append(documents(t), "CHANGELOG.md", "test/REQUIREMENTS.md") {
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
