// Package wholefile reads and replaces files as a whole: after a crash at any point
// the old one or the new one is there.
//
// It owns the steps that this takes, and nothing of what is in the files.
package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Replace puts data in the place of the file at path, or makes it. It gets the mode
// and, as far as this process may give them, the owner and the group of the file at
// like; where that is a folder, what may be read there may be read, and its owner
// alone may write. Without one it is its owner's alone. Its folder must be there.
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
	sweep(filepath.Dir(path), func(of string) bool { return of == filepath.Base(path) })
}

// SweepFolder is Sweep for all files of a folder.
func SweepFolder(dir string) { sweep(dir, func(string) bool { return true }) }

// sweep knows temporaries by their whole name: what others keep there may look
// alike.
func sweep(dir string, want func(of string) bool) {
	all, _ := os.ReadDir(dir) // without it nothing can be done, and nothing is wrong yet
	for _, e := range all {
		if of := temporaryOf(e.Name()); of != "" && want(of) && e.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

func temporary(path string) string { return "." + filepath.Base(path) + ".*" + ending }

const ending = ".new"

// temporaryOf is the file that a temporary was to become, empty for other names.
func temporaryOf(name string) string {
	rest, ours := strings.CutSuffix(strings.TrimPrefix(name, "."), ending)
	dot := strings.LastIndexByte(rest, '.')
	if !ours || name[0] != '.' || dot < 1 {
		return ""
	}
	if _, err := strconv.ParseUint(rest[dot+1:], 10, 64); err != nil { // as os.CreateTemp puts them
		return ""
	}
	return rest[:dot]
}

func imitate(f *os.File, like string) {
	info, err := os.Stat(like)
	if like == "" || err != nil {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && f.Chown(int(owner.Uid), int(owner.Gid)) != nil {
		// Only root gives files away; but to a group of his own anybody can, and
		// without that a daemon of this group couldn't read it any more.
		_ = f.Chown(-1, int(owner.Gid))
	}
	mode := info.Mode() & fs.ModePerm
	if info.IsDir() {
		mode &= 0o644
	}
	_ = f.Chmod(mode)
}

// syncFolder makes a rename last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
