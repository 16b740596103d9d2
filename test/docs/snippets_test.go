package docs

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/record"
)

// documents are the ones whose snippets are held to their word.
func documents(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"README.md", "MIGRATION.md", "CONTRIBUTING.md", "SECURITY.md", "BENCHMARKS.md"}
	for _, path := range found {
		all = append(all, "docs/"+filepath.Base(path))
	}
	return all
}

// snippet is a fenced block. A comment in the line before it declares it as
// something else than its language stands for here.
type snippet struct {
	place, declared, language, text string
}

var fence = regexp.MustCompile("(?ms)^(?:<!-- ([^\\n]*?) -->\\n)?```([a-z]*)\\n(.*?)^```$")

func snippets(t *testing.T, file string) []snippet {
	t.Helper()
	text := read(t, file)
	var all []snippet
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		part := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return text[m[2*n]:m[2*n+1]]
		}
		line := 1 + strings.Count(text[:m[6]], "\n")
		all = append(all, snippet{fmt.Sprintf("%s:%d", file, line), part(1), part(2), part(3)})
	}
	return all
}

// each runs a test on the snippets of one language in all documents.
func each(t *testing.T, language string, test func(t *testing.T, s snippet)) {
	t.Helper()
	count := 0
	for _, file := range documents(t) {
		for _, s := range snippets(t, file) {
			if s.language == language {
				count++
				t.Run(strings.ReplaceAll(s.place, "/", "_"), func(t *testing.T) { test(t, s) })
			}
		}
	}
	if count == 0 {
		t.Errorf("no document shows %s", language)
	}
}

// YAML is boostd.yaml, or a part of it that the test makes whole.
func TestYAML(t *testing.T) {
	each(t, "yaml", func(t *testing.T, s snippet) {
		var document map[string]any
		if err := yaml.Unmarshal([]byte(s.text), &document); err != nil {
			t.Fatal(err)
		}
		if s.declared != "" {
			return
		}
		if strings.HasPrefix(s.text, "# boostd.yaml\n") && len(completion(document)) > 0 {
			t.Errorf("it calls itself boostd.yaml and has no %v", completion(document))
		}
		text, environ := furnish(t, s.text)
		path := filepath.Join(t.TempDir(), "boostd.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		loaded, err := conf.Read(path, conf.Options{Set: completion(document), Environ: environ})
		if err = withoutAbsentFiles(err); err != nil {
			t.Errorf("%v\nin\n%s", err, s.text)
		}
		if len(loaded.Warnings) > 0 {
			t.Errorf("%v\nin\n%s", loaded.Warnings, s.text)
		}
	})
}

// completion are the overrides that make a part whole.
func completion(document map[string]any) (set []string) {
	section := func(key string) map[string]any {
		m, _ := document[key].(map[string]any)
		return m
	}
	for _, required := range []struct{ section, key, value string }{
		{"kafka", "brokers", "[localhost:9092]"}, {"kafka", "group", "g"}, {"settings", "source", "file:settings.json"},
	} {
		if section(required.section)[required.key] == nil {
			set = append(set, required.section+"."+required.key+"="+required.value)
		}
	}
	if len(section("topics")) == 0 && len(section("handlers")) == 0 {
		return append(set, "topics.t.handler=h", "handlers.h.noop={}")
	}
	used := map[string]bool{}
	for _, topic := range section("topics") {
		if m, ok := topic.(map[string]any); ok {
			used[fmt.Sprint(m["handler"])] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if section("handlers")[name] == nil {
			set = append(set, "handlers."+name+".noop={}")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(section("handlers"))) {
		h, _ := section("handlers")[name].(map[string]any)
		if !used[name] {
			set = append(set, "topics.t-"+name+".handler="+name)
		}
		if !slices.ContainsFunc([]string{"exec", "http", "forward", "plugin", "log", "noop", "sleep"}, func(kind string) bool { _, ok := h[kind]; return ok }) {
			set = append(set, "handlers."+name+".noop={}")
		}
	}
	return set
}

var (
	namedFile       = regexp.MustCompile(`\$\{file:[^}]*\}`)
	namedCredential = regexp.MustCompile(`\$\{credential:([^}]*)\}`)
	namedVariable   = regexp.MustCompile(`\$\{([A-Za-z_]+)\}`)
)

// furnish provides what a text refers to.
func furnish(t *testing.T, text string) (furnished string, environ []string) {
	t.Helper()
	dir := t.TempDir()
	secret := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, m := range namedCredential.FindAllStringSubmatch(text, -1) {
		secret(m[1])
	}
	environ = []string{"CREDENTIALS_DIRECTORY=" + dir}
	for _, m := range namedVariable.FindAllStringSubmatch(text, -1) {
		environ = append(environ, m[1]+"=x")
	}
	return namedFile.ReplaceAllLiteralString(text, "${file:"+secret("file")+"}"), environ
}

// withoutAbsentFiles leaves out that certificates aren't on this machine.
func withoutAbsentFiles(err error) error {
	var problems conf.Problems
	if !errors.As(err, &problems) {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(problems), func(p conf.Problem) bool {
		return strings.HasSuffix(p.Path, ".location") && strings.HasPrefix(p.Text, kafkaio.ClientSays)
	})
	if len(left) == 0 {
		return nil
	}
	return left
}

// JSON is a settings document, unless it is declared as something else.
func TestJSON(t *testing.T) {
	each(t, "json", func(t *testing.T, s snippet) {
		if !json.Valid([]byte(s.text)) {
			t.Errorf("not JSON:\n%s", s.text)
		}
		switch s.declared {
		case "":
		case "a message to produce":
			if _, err := record.Parse([]byte(s.text)); err != nil {
				t.Errorf("%v in\n%s", err, s.text)
			}
			return
		case "a sample":
			var sample struct{ Message, Want json.RawMessage }
			if err := json.Unmarshal([]byte(s.text), &sample); err != nil {
				t.Fatal(err)
			}
			if _, err := record.Parse(sample.Message); err != nil || sample.Want == nil {
				t.Errorf("%v in\n%s", err, s.text)
			}
			return
		default:
			return
		}
		_, warnings, err := priority.Parse([]byte(s.text))
		if err != nil || len(warnings) > 0 {
			t.Errorf("error %v, warnings %v in\n%s", err, warnings, s.text)
		}
	})
}

// The example in the README is whole.
func TestReadmeBeginsWithAWholeFile(t *testing.T) {
	if text := blocks(t, "yaml")[0]; !strings.HasPrefix(text, "# boostd.yaml\n") {
		t.Errorf("its first YAML is no whole boostd.yaml:\n%s", text)
	}
}
