package plugins

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// trust reports whether nobody but the daemon's user and root can change what would be
// run: the program, and files among its arguments, such as a script.
func trust(path string, args []string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s isn't an executable file", path)
	}
	for _, file := range append([]string{path}, filesOf(args)...) {
		target, err := filepath.EvalSymlinks(file) // who can change where a link leads to changes the program
		if err != nil {
			return err
		}
		for _, at := range []string{target, filepath.Dir(target), filepath.Dir(file)} {
			if err := ownedWell(at); err != nil {
				return err
			}
		}
	}
	return nil
}

// filesOf are the arguments that are files.
func filesOf(args []string) (files []string) {
	for _, arg := range args {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
			files = append(files, arg)
		}
	}
	return files
}

func ownedWell(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && owner.Uid != 0 && int(owner.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d: want root or the daemon's own user, chown it", path, owner.Uid)
	case info.Mode()&0o022 != 0 && info.Mode()&os.ModeSticky == 0:
		return fmt.Errorf("%s may be written by others (mode %04o): chmod go-w it", path, info.Mode().Perm())
	}
	return nil
}
