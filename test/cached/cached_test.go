package cached

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// However many ask for a folder at once, it is filled once, and nobody sees it before.
func TestFolderIsMadeOnceAndWhole(t *testing.T) {
	t.Setenv("BOOSTD_TEST_CACHE", t.TempDir())
	var fills atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			path, err := Folder(t.Context(), "x", func(dir string) error {
				fills.Add(1)
				return os.WriteFile(filepath.Join(dir, "f"), []byte("whole"), 0o600)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(filepath.Join(path, "f")); string(text) != "whole" {
				t.Errorf("the folder has %q, %v", text, err)
			}
		})
	}
	all.Wait()
	if n := fills.Load(); n != 1 {
		t.Errorf("filled %d times", n)
	}
}

// What couldn't be filled isn't there, and is begun anew.
func TestFailureLeavesNoFolder(t *testing.T) {
	t.Setenv("BOOSTD_TEST_CACHE", t.TempDir())
	why := errors.New("no network")
	_, err := Folder(t.Context(), "x", func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o600), why)
	})
	if !errors.Is(err, why) {
		t.Errorf("the error is %v", err)
	}
	path, err := Folder(t.Context(), "x", func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "half")); err == nil {
		t.Error("the second has what the first left")
	}
}

// Who waits for another process waits no longer than its context.
func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Setenv("BOOSTD_TEST_CACHE", t.TempDir())
	_, err := Folder(t.Context(), "x", func(string) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Folder(ctx, "x", func(string) error { return nil })
		return err
	})
	if err == nil {
		t.Error("both have made it")
	}
}

// Another content has another folder.
func TestNames(t *testing.T) {
	if a, b := Name("x", "a", "b"), Name("x", "a", "c"); a == b || a != Name("x", "a", "b") {
		t.Errorf("%s and %s", a, b)
	}
}
