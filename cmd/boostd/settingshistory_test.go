package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/configwatch"
)

// bench is a folder with boostd.yaml and the settings document that it names.
type bench struct {
	t   *testing.T
	dir string
}

func newBench(t *testing.T, settings string) bench {
	t.Helper()
	d := bench{t, t.TempDir()}
	d.write("boostd.yaml", `kafka: {brokers: [a:1], group: g}
settings: {source: "file:settings.json"}
topics: {orders: {handler: h}, reports: {handler: h}}
handlers: {h: {noop: {}, slots: 4}}
`)
	if settings != "" {
		d.write("settings.json", settings)
	}
	return d
}

func (d bench) at(name string) string { return filepath.Join(d.dir, name) }

func (d bench) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(d.at(name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d bench) read(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(d.at(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// settings runs a command below `boostd settings`, and checks its exit code and what
// it says on its output or in its error.
func (d bench) settings(code int, want string, args ...string) (said string) {
	d.t.Helper()
	out, got, err := invoke(append(append([]string{"settings"}, args...), "-c", d.at("boostd.yaml"))...)
	said = out
	if err != nil {
		said += err.Error()
	}
	if got != code || !strings.Contains(said, want) {
		d.t.Errorf("settings %q exits with %d, want %d, and %q in:\n%s", args, got, code, want, said)
	}
	return said
}

// push makes a text current, and returns its name.
func (d bench) push(text string, args ...string) string {
	d.t.Helper()
	d.write("new.json", text)
	out := d.settings(exitDone, ", is current\n", append([]string{"push", d.at("new.json")}, args...)...)
	name, _, _ := strings.Cut(strings.TrimPrefix(out[strings.Index(out, "version "):], "version "), ",")
	return name
}

const plain = `{"max_priority": 10, "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 8, "number_of_partitions": 3}]}`

func TestSettingsHistory(t *testing.T) {
	d := newBench(t, "")
	d.settings(exitDone, "there is no version yet\n", "history")
	d.settings(exitFailed, "there is no such version", "show", "current")
	first := d.push(plain, "--by", "ann", "-m", "the first")
	second := d.push(strings.Replace(plain, "8", "9", 1), "--base", first, "--by", "b\x1b[2J\u009bob", "-m", "a\nb\u202e")
	d.write("settings.json", "{}")
	out := d.settings(exitDone, "*  settings.json", "history")
	if lines := strings.Split(out, "\n"); len(lines) != 5 || !strings.Contains(lines[1], "written by other hands") ||
		!strings.HasSuffix(lines[2], "b [2J ob  a b") || !strings.HasSuffix(lines[3], "ann       the first") || strings.ContainsAny(out, "\x1b\u009b\u202e") {
		t.Errorf("got %q", out)
	}
	var all []configwatch.Entry
	decoder := json.NewDecoder(strings.NewReader(d.settings(exitDone, `"version":"settings.json"`, "history", "--json")))
	for decoder.More() {
		var e configwatch.Entry
		if err := decoder.Decode(&e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(all) != 3 || !all[0].Current || all[1].Current || all[1].Name != second || all[2].By != "ann" || all[2].Hash != configwatch.Hash([]byte(plain)) {
		t.Errorf("got %+v", all)
	}
	d.settings(exitUsage, "takes no argument", "history", "x")
	if out, code, _ := invoke("settings", "history"); code != exitUsage {
		t.Errorf("without -c: %d, %s", code, out)
	}
}

func TestSettingsShowVersion(t *testing.T) {
	d := newBench(t, "")
	first := d.push(plain)
	second := strings.Replace(plain, "8", "9", 1) + "\n\n"
	d.push(second, "--base", "current")
	for name, want := range map[string]string{"current": second, first: plain, configwatch.Hash([]byte(plain))[:8]: plain, configwatch.Hash([]byte(second)): second, "settings.json": second} {
		if out := d.settings(exitDone, "", "show", name); out != want {
			t.Errorf("%s is %q, want %q", name, out, want)
		}
	}
	for _, name := range []string{"settings-2020-01-01T00:00:00.000Z.json", "../settings.json", "new.json", "00000000", configwatch.Hash([]byte(plain))[:7]} {
		d.settings(exitFailed, "there is no such version: `boostd settings history` lists them", "show", name)
	}
	d.settings(exitUsage, "takes one version, got 2", "show", first, first)
}

func TestSettingsDiff(t *testing.T) {
	d := newBench(t, "")
	first := d.push(plain)
	second := d.push(strings.Replace(plain, "8", "9", 1), "--base", "current")
	d.settings(exitDone, "", "diff", second)
	if out := d.settings(exitDone, "", "diff", first, first); out != "" {
		t.Errorf("of a version and itself: %s", out)
	}
	for _, args := range [][]string{{"diff", first}, {"diff", first, second}, {"diff", first, "current"}} {
		out := d.settings(exitFailed, "-      \"priority_boost_min_value\": 8,\n+      \"priority_boost_min_value\": 9,\n", args...)
		if !strings.HasPrefix(out, "--- "+first+"\n+++ "+second+"\n") || !strings.HasSuffix(out, "the versions differ") {
			t.Errorf("got %s", out)
		}
	}
	for _, strange := range []string{"no\x1b[2J JSON\u009b", "{\"a\": \"\u009b\u202e\"}", strings.Repeat("[", 100_000), "\xff\xfe", ""} {
		d.write("settings.json", strange)
		out := d.settings(exitFailed, "the versions differ", "diff", first)
		if strings.ContainsAny(out, "\x1b\u009b\u202e") || len(out) > 300_000 {
			t.Errorf("%.20q shows as %.200q", strange, out)
		}
	}
	d.write("settings.json", "no\x1b[2J JSON")
	d.settings(exitFailed, `+no\u001b[2J JSON`, "diff", first)
	d.settings(exitUsage, "takes one version or two, got 0", "diff")
	d.settings(exitUsage, "takes one version or two, got 3", "diff", "a", "b", "c")
	d.settings(exitFailed, "there is no such version", "diff", first, "settings-1.json")
}
