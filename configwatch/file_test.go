package configwatch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kafkaboost/boostd/priority"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, size := range []int{0, 1, priority.MaxDocument} {
		if data, err := ReadFile(write("good", size)); err != nil || len(data) != size {
			t.Errorf("%d bytes: got %d, %v", size, len(data), err)
		}
	}
	large, absent, pipe := write("large", priority.MaxDocument+1), filepath.Join(dir, "absent"), filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe:   "read settings: " + pipe + ": want a file, this is something else",
		absent: "read settings: open " + absent + ": no such file or directory",
		dir:    "read settings: read " + dir + ": is a directory",
		large:  "read settings: " + large + ": larger than 1048576 bytes",
	} {
		if data, err := ReadFile(path); data != nil || err == nil || err.Error() != want {
			t.Errorf("got %d bytes, %v\nwant %s", len(data), err, want)
		}
	}
	if _, err := ReadFile(absent); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v hides that the file isn't there", err)
	}
}
