package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Wrong usage of the commands below `boostd handlers`.
func TestHandlersUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"chekc"}, `did you mean "check"?`},
		{[]string{"check"}, "takes a program"},
		{[]string{"check", "/bin/true", "--settings", "url"}, `--settings "url": want KEY=VALUE`},
		{[]string{"check", "/bin/true", "--settings", "=x"}, "want KEY=VALUE"},
		{[]string{"check", "/bin/true", "--patience", "1ms"}, "want 1s to 1h"},
		{[]string{"new", "--lang", "go"}, "takes one folder, got 0"},
		{[]string{"new", "--lang", "go", "a", "b"}, "takes one folder, got 2"},
		{[]string{"new", "x"}, `--lang "": want go or python`},
		{[]string{"new", "--lang", "cobol", "x"}, `--lang "cobol": want go or python`},
	} {
		_, err := execute(t, append([]string{"handlers"}, c.args...)...)
		if codeOf(err) != exitUsage || !strings.Contains(err.Error(), c.says) {
			t.Errorf("handlers %v: %v (%d), want %q", c.args, err, codeOf(err), c.says)
		}
	}
}

// A program that is no plugin fails with reason and advice, for people and as JSON; its
// words can't command the terminal.
func TestHandlersCheckFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders")
	script := "#!/bin/sh\nprintf 'no warehouse\\033[2J \"%s\"\\n' \"$1\" >&2\nexit 3\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := execute(t, "handlers", "check", path, "west")
	if codeOf(err) != exitFailed || !strings.Contains(err.Error(), "fails 1 of 1 cases") {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{
		"FAIL  it starts and prints its handshake within 10 s\n", "      the process has ended: exit status 3 before the handshake\n",
		"      to do: ", "      no warehouse?[2J \"west\"\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it prints\n%s\nand not %q", text, want)
		}
	}
	text, err = execute(t, "handlers", "check", path, "--json")
	var report checkedPlugin
	if codeOf(err) != exitFailed || json.Unmarshal([]byte(text), &report) != nil {
		t.Fatalf("error %v, output\n%s", err, text)
	}
	if report.OK || report.Path != path || len(report.Cases) != 1 || report.Cases[0].OK || report.Cases[0].Advice == "" {
		t.Errorf("report %+v", report)
	}
}

func TestHandlersNew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "orders")
	text, err := execute(t, "handlers", "new", "--lang", "go", dir)
	if err != nil || text != "wrote README.md, go.mod, main.go, main_test.go to "+dir+": README.md there says how to go on\n" {
		t.Errorf("it says %q (%v)", text, err)
	}
	if _, err := execute(t, "handlers", "new", "--lang", "go", dir); codeOf(err) != exitFailed {
		t.Errorf("a second time: %v", err)
	}
}
