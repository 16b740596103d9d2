package wholefile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	for _, text := range []string{"one", "another one"} {
		if err := Replace(path, []byte(text), ""); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "b.json")
	for name, want := range map[string]os.FileMode{path: 0o644, "": 0o600, filepath.Join(dir, "absent"): 0o600} {
		if err := Replace(other, nil, name); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(other); err != nil || info.Mode() != want {
			t.Errorf("like %q: %v, %v", name, info.Mode(), err)
		}
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 2 {
		t.Errorf("it leaves %v, %v", all, err)
	}
	if err := Replace(filepath.Join(dir, "no", "folder"), nil, ""); err == nil {
		t.Error("no error without a folder")
	}
	if err := Replace(dir, nil, ""); err == nil {
		t.Error("no error for a folder in the file's place")
	}
}

// What a crash has left is recognized, and nothing else is.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	left, err := os.CreateTemp(dir, temporary(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.json", ".a.json", "b.json", ".b.json.1.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Sweep(path)
	if all, err := os.ReadDir(dir); err != nil || len(all) != 4 {
		t.Errorf("it leaves %v, %v", all, err)
	}
}
