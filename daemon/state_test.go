package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStateBelongsToOneInstance(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openState(dir); err == nil || !strings.Contains(err.Error(), "belongs to the boostd with process id") {
		t.Errorf("the second got %v", err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.close(); err != nil {
		t.Error(err)
	}
}

// What a kill left of a file that was being replaced is gone with the next start;
// what others keep there isn't.
func TestStateIsSweptOfWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".settings.json.1234.new", "settings.json", "notes.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for name, want := range map[string]bool{".settings.json.1234.new": false, "settings.json": true, "notes.new": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStateIsReplacedAsAWhole(t *testing.T) {
	s, err := openState(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var got []int
	if err := s.load("n.json", &got); err != nil || got != nil {
		t.Errorf("of no file: %v, %v", got, err)
	}
	for _, want := range [][]int{{1, 2, 3}, {}} {
		if err := s.save("n.json", want); err != nil {
			t.Fatal(err)
		}
		got = nil
		if err := s.load("n.json", &got); err != nil || len(got) != len(want) {
			t.Errorf("wrote %v, read %v, %v", want, got, err)
		}
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v, %v; want lock and n.json", entries, err)
	}
}

func TestStateThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openState(file); err == nil {
		t.Error("a file was taken for a folder")
	}
	s, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var got []int
	for name, content := range map[string]string{"torn": "[1, 2", "large": strings.Repeat(" ", maxState+1), "other": `{"a": 1}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.load(name, &got); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (*state)(nil).save("n.json", 1); err != nil {
		t.Errorf("no state: %v", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.save("n.json", 1); err == nil {
		t.Error("wrote into a folder that is gone")
	}
}
