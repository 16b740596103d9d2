package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every bug still fits the sources, and the tests that are to catch it exist: so
// the list can't rot between two runs of it.
func TestListIsUpToDate(t *testing.T) {
	const root = "../.."
	names := map[string]bool{}
	for _, m := range all() {
		if names[m.name] {
			t.Errorf("there are two bugs %q", m.name)
		}
		names[m.name] = true
		if _, err := m.source(root); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if len(m.tests) == 0 {
			t.Errorf("%s: no test is to catch it", m.name)
		}
		for _, s := range m.tests {
			there := testsOf(t, filepath.Join(root, s.pkg))
			for _, name := range s.run {
				if !there[name] {
					t.Errorf("%s: %s has no test %s", m.name, s.pkg, name)
				}
			}
		}
	}
	if len(names) < 15 {
		t.Errorf("%d bugs, want at least 15", len(names))
	}
}

var topLevel = regexp.MustCompile(`(?m)^func (Test\w+|Fuzz\w+)\(`)

// testsOf are the names of a package's tests.
func testsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range topLevel.FindAllSubmatch(text, -1) {
			names[string(found[1])] = true
		}
	}
	return names
}

// docs/RELIABILITY.md has a row for each bug, with one of the tests that are to
// catch it, and no row for another.
func TestDocumentHasEveryBug(t *testing.T) {
	text, err := os.ReadFile("../../docs/RELIABILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([A-Za-z0-9_/]+)` in `([a-z0-9/]+)` \\| [0-9.]+ \\|$")
	rows := map[string][]string{}
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		rows[found[1]] = found[2:]
	}
	for _, m := range all() {
		found := rows[m.name]
		if found == nil {
			t.Errorf("no row says what catches %q: make mutants prints it", m.name)
			continue
		}
		delete(rows, m.name)
		named := false
		for _, s := range m.tests {
			for _, name := range s.run {
				named = named || s.pkg == found[1] && strings.HasPrefix(found[0], name)
			}
		}
		if !named {
			t.Errorf("%s: %s in %s is none of its tests", m.name, found[0], found[1])
		}
	}
	for name := range rows {
		t.Errorf("there is no bug %q", name)
	}
}
