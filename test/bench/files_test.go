package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/test/bench/report"
)

// made is a run's results with one throughput of boostd against the bare loop.
func made(ours, theirs float64) *report.Results {
	c := &collector{}
	c.add(turn{"T", loads[0].name, boostd, 0}, throughput, ours)
	c.add(turn{"T", loads[0].name, bare, 0}, throughput, theirs)
	return &report.Results{Version: report.Version, Date: "2026-01-02T03:04:05Z", Rounds: 1, Figures: c.figures,
		Contestants: []report.Contestant{{Name: boostd}, {Name: bare}},
		Waits:       []report.Waits{report.NewWaits(loadedName, boostd, false, []float64{1, 2, 3})},
		Series:      []report.Series{{Plot: report.ThroughputPlot, Contestant: boostd, X: []float64{0, 100}, Y: []float64{2, 1}}}}
}

// The page and the plots that the repository shows are those of the run that it has,
// with the notes as they are.
func TestCommittedPageIsFresh(t *testing.T) {
	t.Chdir("../..")
	r, err := earlier(options{compare: filepath.Join(committed, resultsFile)})
	if err != nil {
		t.Fatal(err)
	}
	text, err := pageOf(r, committed)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{page: text}
	for _, p := range report.Plots(r) {
		want[filepath.Join(committed, p.File)] = p.SVG
	}
	for path, text := range want {
		if there, err := os.ReadFile(path); err != nil || !bytes.Equal(there, text) {
			t.Errorf("%s is another one than the results give (%v): make bench ARGS=-page", path, err)
		}
	}
}

func TestWriteAndCompare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "old.svg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	where, err := write(made(300, 100), options{out: dir})
	if err != nil || where != dir {
		t.Fatal(where, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"BENCHMARKS.md", "results.json", "throughput.svg", "waits-1-ms-work.svg"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	before, err := earlier(options{compare: filepath.Join(dir, resultsFile)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ours float64
		fell int
		want string
	}{{250, 1, "fell by 17 %"}, {260, 0, "no ratio fell"}, {900, 0, "no ratio fell"}} {
		var out strings.Builder
		if fell := compare(&out, made(c.ours, 100), before); fell != c.fell || !strings.Contains(out.String(), c.want) {
			t.Errorf("%v: %d fell: %s", c.ours, fell, out.String())
		}
	}
}

func TestEarlier(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, o := range []options{{}, {compare: "none"}} {
		if r, err := earlier(o); r != nil || err != nil {
			t.Errorf("%+v: %v, %v", o, r, err)
		}
	}
	if _, err := earlier(options{compare: "missing.json"}); err == nil {
		t.Error("a file that was asked for and isn't there is no error")
	}
	if err := os.WriteFile("bad.json", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := earlier(options{compare: "bad.json"}); err == nil || !strings.Contains(err.Error(), "bad.json") {
		t.Errorf("a file that is no run: %v", err)
	}
}
