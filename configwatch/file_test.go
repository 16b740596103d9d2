package configwatch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"

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

// A file that may not be read any more is told of, and read again when it may be.
func TestFilePermissionIsTakenAway(t *testing.T) {
	p := place{t, t.TempDir()}
	p.write("settings.json", "one")
	p.must(os.Chmod(p.dir, 0o755))
	p.must(os.Chmod(filepath.Dir(p.dir), 0o755)) // it is the test's own, too
	source, err := Open(Config{Source: "file:settings.json"}, p.dir, hclog.NewNullLogger())
	p.must(err)
	defer source.Close()
	for n, mode := range []os.FileMode{0o644, 0o000, 0o644} {
		p.must(os.Chmod(p.at("settings.json"), mode))
		var v Version
		asNobody(func() { v, err = source.Read(t.Context(), true) })
		if got := err == nil && string(v.Data) == "one"; got != (n != 1) || err != nil && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("mode %04o: %q, %v", mode, v.Data, err)
		}
	}
}

// asNobody calls f, on this goroutine, as a user who isn't root when it comes to files.
// Who isn't root anyway stays who he is.
func asNobody(f func()) {
	const nobody = 65534
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0) // it knows no error
		defer func() { _, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0) }()
	}
	f()
}
