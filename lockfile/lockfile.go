// Package lockfile lets one process at a time have a thing, and names the one
// that has it. The kernel gives a lock back when its holder ends, however it
// ends.
//
// It owns the file that stands for the thing, and nothing of the thing.
package lockfile

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Take takes the lock of the file at path, which is made where it is missing and
// never removed: two that wait for it must wait for the same one. Closing the
// file gives the lock back. Where another process has it the error is a Held.
func Take(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o640)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		owner := "another program"
		if text, _ := os.ReadFile(path); len(text) > 0 {
			owner = "the boostd with process id " + strings.TrimSpace(string(text))
		}
		return nil, errors.Join(Held{owner}, f.Close())
	}
	if f.Truncate(0) == nil { // only for the owner's name: a full disk must not prevent a start
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return f, nil
}

// Held says that another process has the lock.
type Held struct{ Owner string }

// Error implements error.
func (h Held) Error() string { return fmt.Sprintf("belongs to %s", h.Owner) }
