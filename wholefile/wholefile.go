// Package wholefile replaces files as a whole: after a crash at any point the old
// one or the new one is there.
//
// It owns the steps that this takes, and nothing of what is in the files.
package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace puts data in the place of the file at path, or makes it. It gets the mode
// and, where this process may give it, the owner of the file at like; without one
// it is its owner's alone. Its folder must be there.
func Replace(path string, data []byte, like string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), temporary(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	imitate(f, like)
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Sweep removes what crashed replacements of the file have left. Nobody may replace
// it meanwhile.
func Sweep(path string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), temporary(path)))
	for _, name := range left {
		_ = os.Remove(name)
	}
}

func temporary(path string) string { return "." + filepath.Base(path) + ".*.new" }

func imitate(f *os.File, like string) {
	info, err := os.Stat(like)
	if like == "" || err != nil {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(owner.Uid), int(owner.Gid)) // root alone can
	}
	_ = f.Chmod(info.Mode() & fs.ModePerm)
}

// syncFolder makes a rename last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
