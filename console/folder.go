package console

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// makeFolder makes the socket's folder where it is missing.
func makeFolder(folder string) error {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err = os.MkdirAll(folder, 0o750); err == nil {
			giveToGroup(folder) // which couldn't reach the socket otherwise
		}
	case err == nil && !info.IsDir():
		err = fmt.Errorf("%s is a file: move it away, or set another control", folder)
	}
	if err != nil {
		return fmt.Errorf("make the folder of the control socket: %w", err)
	}
	var own, parent unix.Stat_t
	if err := errors.Join(unix.Lstat(folder, &own), unix.Stat(filepath.Dir(folder), &parent)); err != nil {
		return fmt.Errorf("look at the folder of the control socket: %w", err)
	}
	if planted(own, parent, os.Geteuid()) {
		return fmt.Errorf("the folder %s of the control socket belongs to user %d, who could put another socket there: remove it, or set another control", folder, own.Uid)
	}
	return nil
}

// planted reports whether somebody else has laid a folder where everybody may
// write, such as /tmp, in the hope that we use it.
func planted(folder, parent unix.Stat_t, uid int) bool {
	const everybodyWrites = 0o002
	return folder.Uid != 0 && int(folder.Uid) != uid && parent.Mode&everybodyWrites != 0
}

// giveToGroup lets the group have a file, if there is the group and we may give
// it things; otherwise the file stays our own.
func giveToGroup(path string) {
	g, err := user.LookupGroup(Group)
	if err != nil {
		return
	}
	if gid, err := strconv.Atoi(g.Gid); err == nil {
		_ = os.Chown(path, -1, gid)
	}
}
