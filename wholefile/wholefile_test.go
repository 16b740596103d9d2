package wholefile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
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
	for dirMode, want := range map[os.FileMode]os.FileMode{0o777 | os.ModeSticky: 0o644, 0o770: 0o640, 0o700: 0o600} {
		if err := errors.Join(os.Chmod(dir, dirMode), Replace(other, nil, dir)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(other); err != nil || info.Mode() != want {
			t.Errorf("like a folder of mode %v: %v, %v", dirMode, info.Mode(), err)
		}
	}
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

// Who may not give the file to its old owner gives it to its group, where it is his
// own: else a daemon of that group couldn't read it.
func TestReplaceKeepsTheGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: not root")
	}
	const alice, team = 60_001, 60_002
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 0, team), os.Chmod(path, 0o640),
		os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		groups := [1]uint32{team}
		_, _, a := unix.RawSyscall(unix.SYS_SETGROUPS, 1, uintptr(unsafe.Pointer(&groups)), 0)
		_, _, b := unix.RawSyscall(unix.SYS_SETFSGID, alice, 0, 0)
		_, _, c := unix.RawSyscall(unix.SYS_SETFSUID, alice, 0, 0)
		if a != 0 {
			done <- a
			return
		}
		_, _ = b, c // they return what was before
		done <- Replace(path, []byte("x"), path)
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != alice || owner.Gid != team || info.Mode() != 0o640 {
		t.Errorf("it belongs to %d:%d, mode %v", owner.Uid, owner.Gid, info.Mode())
	}
}

// What a crash has left is recognized, and nothing else is: also where names have
// what patterns mean something by.
func TestSweep(t *testing.T) {
	for _, base := range []string{"a.json", "[a]*?.json"} {
		dir := filepath.Join(t.TempDir(), "[x]")
		path := filepath.Join(dir, base)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		left := func(of string) {
			f, err := os.CreateTemp(dir, temporary(of))
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		left(path)
		left("another.json")
		kept := []string{base, "." + base, "b.json", ".x.new", ".new", "..1.new", "." + base + ".b.new", "." + base + ".-1.new"}
		for _, name := range kept {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, "."+base+".2.new"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			do   func()
			want int
		}{{func() { Sweep(path) }, len(kept) + 2}, {func() { SweepFolder(dir) }, len(kept) + 1}, {func() { Sweep(dir + "/no/such") }, len(kept) + 1}} {
			c.do()
			if all, err := os.ReadDir(dir); err != nil || len(all) != c.want {
				t.Errorf("%s: it leaves %v, %v; want %d", base, all, err, c.want)
			}
		}
	}
}
