package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetArgs(args)
	err := root.Execute()
	return out.String(), err
}

// TestManPages: one page a command, the same bytes each time.
func TestManPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1780000000")
	one, two := filepath.Join(t.TempDir(), "new", "man1"), t.TempDir()
	for _, dir := range []string{one, two} {
		if _, err := execute(t, "man", dir); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		want = append(want, name)
		page, err := os.ReadFile(filepath.Join(one, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page, []byte(c.Short)) || !bytes.Contains(page, []byte(`"May 2026" "boostd development"`)) {
			t.Errorf("%s lacks its title or its date:\n%s", name, page)
		}
		if again, err := os.ReadFile(filepath.Join(two, name)); err != nil || !bytes.Equal(page, again) {
			t.Errorf("%s is another the second time (%v)", name, err)
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(newRoot())
	entries, err := os.ReadDir(one)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
}

func TestManDate(t *testing.T) {
	for name, c := range map[string]struct {
		epoch, built, want string
		code               int
	}{
		"the packager's":  {"1780000000", "2026-11-25T10:00:00Z", "2026-05-28", exitDone},
		"the commit's":    {"", "2026-11-25T23:30:00-08:00", "2026-11-26", exitDone},
		"nobody knows":    {"", "", "1970-01-01", exitDone},
		"no such number":  {"yesterday", "", "0001-01-01", exitUsage},
		"before all time": {"0", "2026-11-25T10:00:00Z", "1970-01-01", exitDone},
	} {
		date, err := manDate(c.epoch, c.built)
		if got := date.Format(time.DateOnly); got != c.want || codeOf(err) != c.code {
			t.Errorf("%s: %s (%v), want %s and exit code %d", name, got, err, c.want, c.code)
		}
	}
}

func TestManWantsOneDirectory(t *testing.T) {
	for _, args := range [][]string{{"man"}, {"man", "a", "b"}} {
		if _, err := execute(t, args...); codeOf(err) != exitUsage {
			t.Errorf("boostd %v: %v", args, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := execute(t, "man", file); codeOf(err) != exitFailed {
		t.Errorf("a file in the directory's place: %v", err)
	}
}
