// Package filelock takes exclusive advisory locks on files, between processes.
// The kernel gives a lock back when its holder ends, however it ends; so a
// lock that can be taken proves that nobody is behind the file any more.
//
// It owns the locking and nothing of what the files mean.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrHeld says that another process, or another Lock of this one, has the lock.
var ErrHeld = errors.New("the lock is held")

// retryEvery is how often Wait tries again: flock can't be interrupted by a
// context, so waiting for it in the kernel is not an option.
const retryEvery = 20 * time.Millisecond

// Lock is a held lock. Its file may be read and written through File.
type Lock struct{ file *os.File }

// Try takes the lock on the file at path, which is created when missing, or
// fails at once with an error that wraps ErrHeld.
func Try(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrHeld
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{file: f}, nil
}

// Wait takes the lock as soon as it is free, or fails when ctx ends.
func Wait(ctx context.Context, path string) (*Lock, error) {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		l, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the lock %s: %w", path, ctx.Err())
		case <-tick.C:
		}
	}
}

// File is the locked file, open for reading and writing until Unlock.
func (l *Lock) File() *os.File { return l.file }

// Unlock gives the lock back. The file stays.
func (l *Lock) Unlock() { l.file.Close() }
