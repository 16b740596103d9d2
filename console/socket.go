package console

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Group is whose members may use the socket, where the machine has it.
const Group = "boostd"

// socket is a Unix socket that one instance at a time has. A lock beside it
// says whose it is, so that a socket which a crash has left is told from one
// that is in use without asking anybody.
type socket struct {
	listener *net.UnixListener
	lock     *os.File
	path     string
	inode    uint64
}

func listenSocket(path string) (*socket, error) {
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock, err := lockSocket(path)
	if err != nil {
		return nil, err
	}
	s := &socket{lock: lock, path: path}
	if err := s.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on the control socket: %w", err), lock.Close())
	}
	return s, nil
}

// lockSocket takes the right to the socket, or says who has it.
func lockSocket(path string) (*os.File, error) {
	name := path + ".lock"
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("lock the control socket: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		owner := "another program"
		if text, _ := os.ReadFile(name); len(text) > 0 {
			owner = "the boostd with process id " + strings.TrimSpace(string(text))
		}
		return nil, errors.Join(fmt.Errorf("control socket %s belongs to %s: give each instance its own control and state_dir", path, owner), lock.Close())
	}
	if lock.Truncate(0) == nil { // only for the message above: a full disk must not prevent a start
		_, _ = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return lock, nil
}

func (s *socket) listen() error {
	switch info, err := os.Lstat(s.path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket: move it away, or set another control", s.path)
	default:
		if conn, err := net.DialTimeout("unix", s.path, time.Second); err == nil {
			return errors.Join(fmt.Errorf("another program answers on %s: set another control", s.path), conn.Close())
		}
		if err := os.Remove(s.path); err != nil { // left by a crash
			return err
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.path, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false) // it may be another's by then
	if err := s.permit(); err != nil {
		return errors.Join(err, l.Close())
	}
	s.listener = l
	return nil
}

// permit lets the owner and the group in.
func (s *socket) permit() error {
	giveToGroup(s.path)
	if err := os.Chmod(s.path, 0o660); err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Lstat(s.path, &stat); err != nil {
		return err
	}
	s.inode = stat.Ino
	return nil
}

// close removes the socket if it is still the one that we made.
func (s *socket) close() error {
	var stat unix.Stat_t
	var err error
	if unix.Lstat(s.path, &stat) == nil && stat.Ino == s.inode {
		err = os.Remove(s.path)
	}
	if err = errors.Join(err, s.lock.Close()); err != nil {
		return fmt.Errorf("close the control socket: %w", err)
	}
	return nil
}
