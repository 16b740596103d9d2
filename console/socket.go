package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd/lockfile"
)

// Group is whose members may use the socket, where the machine has it.
const Group = "boostd"

const (
	mode    = 0o660                                // of the socket: who may write to it may command the daemon
	maxPath = len(unix.RawSockaddrUnix{}.Path) - 1 // bytes that the kernel takes
)

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
	if len(path) > maxPath {
		return nil, fmt.Errorf("listen on the control socket: %s has more than %d bytes: set a shorter control", path, maxPath)
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock, err := lockfile.Take(path + ".lock")
	if held, ok := errors.AsType[lockfile.Held](err); ok {
		return nil, fmt.Errorf("control socket %s %w: give each instance its own control and state_dir", path, held)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the control socket: %w", err)
	}
	s := &socket{lock: lock, path: path}
	if err := s.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on the control socket: %w", err), lock.Close())
	}
	return s, nil
}

func (s *socket) listen() error {
	switch info, err := os.Lstat(s.path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket: move it away, or set another control", s.path)
	default:
		if err := s.removeStale(); err != nil {
			return err
		}
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.Fchmod(int(fd), mode) }) // from its first moment
	}}
	l, err := config.Listen(context.Background(), "unix", s.path)
	if err != nil {
		return err
	}
	s.listener = l.(*net.UnixListener)
	s.listener.SetUnlinkOnClose(false) // it may be another's by then
	if err := s.permit(); err != nil {
		return errors.Join(err, s.listener.Close())
	}
	return nil
}

// removeStale removes what a crash has left. The lock was free, but somebody may
// have deleted its file, or the socket is no boostd's: who has it open keeps it.
func (s *socket) removeStale() error {
	conn, err := net.DialTimeout("unix", s.path, time.Second)
	if err == nil {
		defer conn.Close()
		owner := "another program"
		if cred := credentials(conn.(*net.UnixConn)); cred != nil && cred.Pid > 0 {
			owner = fmt.Sprintf("the program with process id %d", cred.Pid)
		}
		return fmt.Errorf("%s listens on %s: set another control", owner, s.path)
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("see whether somebody uses %s: %w", s.path, err)
	}
	return os.Remove(s.path)
}

// permit lets the owner and the group in, and remembers which file is ours.
func (s *socket) permit() error {
	giveToGroup(s.path)
	if err := os.Chmod(s.path, mode); err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Lstat(s.path, &stat); err != nil {
		return err
	}
	s.inode = stat.Ino
	return nil
}

// remove takes the socket away if it is still the one that we made: while it is
// open, no other can have its number.
func (s *socket) remove() error {
	var stat unix.Stat_t
	if unix.Lstat(s.path, &stat) != nil || stat.Ino != s.inode {
		return nil //nolint:nilerr // what isn't there need not be removed
	}
	if err := os.Remove(s.path); err != nil {
		return fmt.Errorf("remove the control socket: %w", err)
	}
	return nil
}

// unlock lets the next instance have the path. The lock's file stays: two that
// wait for it must wait for the same one.
func (s *socket) unlock() error {
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("unlock the control socket: %w", err)
	}
	return nil
}
