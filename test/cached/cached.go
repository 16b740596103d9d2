// Package cached makes folders once for all test runs: in the cache of test/kafkatest, by
// one process at a time, each whole or not there.
//
// It owns the lock and the renaming; what a folder has in it is its caller's.
package cached

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/lockfile"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// Name is a folder's: what it is for, and a digest of all that it is made of, so that
// something else has another folder.
func Name(what string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return what + "-" + hex.EncodeToString(sum[:6])
}

// Path is where the folder of that name is, or will be.
func Path(name string) (string, error) {
	cache, err := kafkatest.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, name), nil
}

// Folder returns the folder of that name and has fill make it, where it isn't there. fill
// is given an empty folder beside it, which is renamed when it is full. Other processes
// wait meanwhile, until ctx ends.
func Folder(ctx context.Context, name string, fill func(dir string) error) (path string, err error) {
	path, err = Path(name)
	if err != nil || exists(path) {
		return path, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make the cache: %w", err)
	}
	lock, err := await(ctx, path+".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if exists(path) {
		return path, nil // another process has made it meanwhile
	}
	making := path + ".making"
	if err := os.RemoveAll(making); err != nil {
		return "", fmt.Errorf("remove a half-made folder: %w", err)
	}
	if err := os.Mkdir(making, 0o700); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	if err := fill(making); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	if err := os.Rename(making, path); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	return path, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func await(ctx context.Context, path string) (*os.File, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := lockfile.Take(path)
		if !errors.As(err, new(lockfile.Held)) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another process to fill the cache: %w", err)
		case <-tick.C:
		}
	}
}
