package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// firstColumn is the first column of the README's tables, where it has the form
// of a pattern with one group.
func firstColumn(t *testing.T, pattern string) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^\| `+pattern+` \|`).FindAllSubmatch(text, -1) {
		found = append(found, string(m[1]))
	}
	slices.Sort(found)
	return found
}

func TestReadmeHasTheExitCodes(t *testing.T) {
	codes := map[string]bool{}
	for _, code := range []int{exitDone, exitFailed, exitUsage, exitUnreachable, exitUnclean, exitConfig} {
		codes[strconv.Itoa(code)] = true
	}
	if want, got := slices.Sorted(maps.Keys(codes)), firstColumn(t, `(\d+)`); !slices.Equal(got, want) {
		t.Errorf("README.md has the exit codes %v, the command has %v", got, want)
	}
}

func TestReadmeHasTheCommands(t *testing.T) {
	root := newRoot()
	root.InitDefaultCompletionCmd("")
	var want []string
	for _, c := range root.Commands() {
		want = append(want, c.Name())
	}
	slices.Sort(want)
	if got := firstColumn(t, "`boostd ([a-z-]+)[^`]*`"); !slices.Equal(got, want) {
		t.Errorf("README.md has the commands %v, boostd has %v", got, want)
	}
}
