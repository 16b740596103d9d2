package lockfile

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestOneHasTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Take(path)
	var held Held
	if want := "the boostd with process id " + strconv.Itoa(os.Getpid()); !errors.As(err, &held) || held.Owner != want {
		t.Errorf("the second got %v, want one that names %s", err, want)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err = Take(path); !errors.As(err, &held) || held.Owner != "another program" {
		t.Errorf("of a file without a name: %v", err)
	}
}

func TestALinkIsNoLock(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "lock")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	if f, err := Take(link); err == nil {
		f.Close()
		t.Error("a link was followed")
	}
}
