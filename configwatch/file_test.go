package configwatch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kafkaboost/boostd/priority"
)

func TestValidate(t *testing.T) {
	wrong := "[source: want file:PATH, such as file:settings.json or file:///etc/boostd/settings.json]"
	for _, c := range []struct{ source, want string }{
		{"file:settings.json", "[]"},
		{"file:/etc/boostd/settings.json", "[]"},
		{"file:///etc/boostd/settings.json", "[]"},
		{"file:a: b.json", "[]"},
		{"", "[source: is missing: say where the settings document is, such as file:settings.json]"},
		{"file:", wrong},
		{"file://", wrong},
		{"file://host/settings.json", wrong},
		{"settings.json", wrong},
		{"FILE:x", wrong},
		{"ftp://u:canary@h/x", wrong},
		{"s3://bucket/users/u", "[source: s3 is not supported by this version: use file:PATH]"},
		{"https://u:canary@h/x", "[source: https is not supported by this version: use file:PATH]"},
		{"http://h/x", "[source: http is not supported by this version: use file:PATH]"},
	} {
		if got := fmt.Sprint(Config{Source: c.source}.Validate()); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}

func TestPath(t *testing.T) {
	for source, want := range map[string]string{
		"file:settings.json":     "/etc/boostd/settings.json",
		"file:./s/../t.json":     "/etc/boostd/t.json",
		"file:../t.json":         "/etc/t.json",
		"file:/var/lib/s.json":   "/var/lib/s.json",
		"file:///var/lib/s.json": "/var/lib/s.json",
	} {
		if got := (Config{Source: source}).Path("/etc/boostd"); got != want {
			t.Errorf("%s is %s, want %s", source, got, want)
		}
	}
	if got := (Config{Source: "file:s.json"}).Path("."); got != "s.json" {
		t.Errorf("beside a boostd.yaml without a folder: %s", got)
	}
}

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
