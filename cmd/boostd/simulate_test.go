package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/simulation"
)

var update = flag.Bool("update", false, "write docs/SIMULATION.md anew")

// The example that the command prints is one that it takes.
func TestSimulateExample(t *testing.T) {
	example, err := execute(t, "simulate", "--example")
	if err != nil || example != string(simulation.Example) {
		t.Fatalf("%v:\n%s", err, example)
	}
	dir := t.TempDir()
	load, plot := filepath.Join(dir, "load.yaml"), filepath.Join(dir, "waits.svg")
	text := strings.Replace(example, "for: 60s", "for: 50s", 1)
	if err := os.WriteFile(load, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := execute(t, "simulate", load, "--plot", plot)
	if err != nil || !strings.Contains(table, "level 0: starves: from 20s on") {
		t.Errorf("%v:\n%s", err, table)
	}
	if picture, err := os.ReadFile(plot); err != nil || !bytes.HasPrefix(picture, []byte("<svg ")) {
		t.Errorf("%v: %.100s", err, picture)
	}
	if again, _ := execute(t, "simulate", load); again != table {
		t.Errorf("the second time it says\n%s", again)
	}
	document, err := execute(t, "simulate", load, "--json", "--seed", "2")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Seed   int
		Levels []struct {
			Level    int
			Produced int
			WaitMS   struct{ P50, P99, Max float64 } `json:"wait_ms"`
			Verdict  string
		}
	}
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatal(err)
	}
	if d.Seed != 2 || len(d.Levels) != 6 || d.Levels[0].Verdict != "starves" || d.Levels[5].WaitMS.Max < d.Levels[5].WaitMS.P50 {
		t.Errorf("%+v", d)
	}
}

func TestSimulateRefuses(t *testing.T) {
	load := filepath.Join(t.TempDir(), "load.yaml")
	if err := os.WriteFile(load, []byte("lod: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{}, exitUsage, "takes one file"},
		{[]string{"a", "b"}, exitUsage, "takes one file"},
		{[]string{"--example", "a"}, exitUsage, "takes no argument"},
		{[]string{load + ".none"}, exitFailed, "no such file"},
		{[]string{load}, exitFailed, "is no load to simulate; see: boostd simulate --example"},
	} {
		if _, err := execute(t, append([]string{"simulate"}, c.args...)...); codeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.args, err)
		}
	}
	good := filepath.Join(t.TempDir(), "good.yaml")
	if err := os.WriteFile(good, []byte("load: [{levels: 0, backlog: 1}]\nfor: 1s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := execute(t, "simulate", good, "--plot", filepath.Join(good, "waits.svg")); err == nil || !strings.Contains(err.Error(), "write plot") {
		t.Errorf("a plot that can't be written: %v", err)
	}
}

// What docs/SIMULATION.md shows of a load is what comes of it.
func TestSimulationDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/SIMULATION.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(declared string) string {
		_, rest, found := strings.Cut(string(text), "<!-- "+declared+" -->\n```")
		_, rest, _ = strings.Cut(rest, "\n")
		body, _, closed := strings.Cut(rest, "```")
		if !found || !closed {
			t.Fatalf("docs/SIMULATION.md has no %s", declared)
		}
		return body
	}
	load := filepath.Join(t.TempDir(), "load.yaml")
	if err := os.WriteFile(load, []byte(block("a load to simulate")), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := execute(t, "simulate", load)
	want := block("what boostd simulate prints of the load above")
	if *update {
		text = bytes.Replace(text, []byte(want), []byte(got), 1)
		if err := os.WriteFile("../../docs/SIMULATION.md", text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil || got != want {
		t.Errorf("%v: it prints\n%s\nand not\n%s\n-update writes the document anew", err, got, want)
	}
}
