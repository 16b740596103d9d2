package console

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRestartInPlace: a client of the old server goes on with the new one.
func TestRestartInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	client := Dial(path)
	for range 3 {
		s, err := Start(quiet(path))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := client.Status(t.Context()); err != nil {
			t.Error(err)
		}
		stop(t, s)
	}
}

// TestDeletedLock: an instance keeps its socket also when somebody has tidied
// its lock away.
func TestDeletedLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	s, err := Start(quiet(path))
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, s)
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(quiet(path)); err == nil || !strings.Contains(err.Error(), "listens on "+path+": set another control") {
		t.Errorf("error %v", err)
	}
	if _, err := Dial(path).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLinkForTheLock: what a link in a shared folder leads to isn't written to.
func TestLinkForTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	if err := errors.Join(os.WriteFile(path+".txt", []byte("precious"), 0o600), os.Symlink(path+".txt", path+".lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(quiet(path)); err == nil || !strings.Contains(err.Error(), "lock the control socket") {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile(path + ".txt"); err != nil || string(text) != "precious" {
		t.Errorf("the file has %q, %v", text, err)
	}
}

func TestPathIsTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", maxPath))
	if _, err := Start(quiet(path)); err == nil || !strings.Contains(err.Error(), "more than 107 bytes: set a shorter control") {
		t.Errorf("error %v", err)
	}
	if _, err := Dial(path).Status(t.Context()); !errors.Is(err, ErrNoDaemon) || !strings.Contains(err.Error(), "more than 107 bytes") {
		t.Errorf("error %v", err)
	}
}
