package main

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mutant is one bug: a text of a file, which occurs there once, and what stands
// in its place.
type mutant struct {
	name string // in words, as docs/RELIABILITY.md has it
	file string // from the module's root
	old  string
	new  string
	// tests are to catch it, in this order: the first one that fails does.
	tests []suite
}

// suite is tests of one package.
type suite struct {
	pkg string   // from the module's root
	run []string // names of top-level tests
}

// all is the whole list.
func all() []mutant {
	return slices.Concat(offsetsMutants, schedulerMutants, policyMutants, memberMutants, slotMutants, batchMutants, actorsMutants, kafkaMutants)
}

// source is the file with the bug in it.
func (m mutant) source(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, fmt.Errorf("read what the bug is planted in: %w", err)
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return nil, fmt.Errorf("%s has the text to replace %d times, want once: bring the list up to date:\n%s", m.file, n, m.old)
	}
	planted := strings.Replace(string(text), m.old, m.new, 1)
	if _, err := parser.ParseFile(token.NewFileSet(), m.file, planted, parser.SkipObjectResolution); err != nil {
		return nil, fmt.Errorf("read the bug: %w", err)
	}
	return []byte(planted), nil
}

// overlay writes the file with the bug into dir, and the overlay that shows it
// to the go command; it returns the overlay's path.
func (m mutant) overlay(root, dir string) (string, error) {
	text, err := m.source(root)
	if err != nil {
		return "", err
	}
	planted, overlay := filepath.Join(dir, "planted.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, m.file): planted}})
	if err == nil {
		err = os.WriteFile(planted, text, 0o600)
	}
	if err == nil {
		err = os.WriteFile(overlay, replace, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("write the overlay: %w", err)
	}
	return overlay, nil
}

// caught is what found a bug; test is empty when nothing did.
type caught struct {
	test, pkg string
	took      time.Duration // of all tests until then, building included
}

// plant runs the bug's tests until one fails.
func (m mutant) plant(root, dir string) (caught, error) {
	overlay, err := m.overlay(root, dir)
	if err != nil {
		return caught{}, err
	}
	g := goCommand{root: root, overlay: overlay}
	if err := g.build(filepath.Dir(m.file)); err != nil {
		return caught{}, err
	}
	began := time.Now()
	for _, s := range m.tests {
		failed, err := g.test(s)
		if err != nil {
			return caught{}, err
		}
		if failed != "" {
			return caught{failed, s.pkg, time.Since(began)}, nil
		}
	}
	return caught{took: time.Since(began)}, nil
}
