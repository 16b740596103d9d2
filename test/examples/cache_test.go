package examples

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/lockfile"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// cachedFor is how long a copy is kept that nobody has used.
const cachedFor = 7 * 24 * time.Hour

// prepared is a copy of some folders of the repository in which the commands have been
// run. It is kept in the cache as long as neither the folders, the commands nor the
// tool, of which version says which one it is, change: to install takes a minute.
func prepared(t *testing.T, name, version, commands string, folders ...string) string {
	t.Helper()
	sum, err := digest(version, commands, folders)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := kafkatest.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	final := filepath.Join(cache, "example-"+name+"-"+sum)
	if err := prepare(t.Context(), final, commands, folders); err != nil {
		t.Fatal(err)
	}
	sweep(t, filepath.Join(cache, "example-"+name+"-*"))
	return final
}

// prepare fills a folder beside the final one and renames it, so that what is there is
// whole.
func prepare(ctx context.Context, final, commands string, folders []string) error {
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	lock, err := locked(ctx, final+".lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	now := time.Now()
	if os.Chtimes(final, now, now) == nil {
		return nil // it is there, and used again
	}
	making := final + ".making"
	if err := os.RemoveAll(making); err != nil {
		return fmt.Errorf("remove a half-made copy: %w", err)
	}
	if err := copyTo(making, folders...); err != nil {
		return fmt.Errorf("copy the example: %w", err)
	}
	if err := run(ctx, making, commands); err != nil {
		return err
	}
	return os.Rename(making, final)
}

func digest(version, commands string, folders []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q", version, commands)
	err := eachFile(folders, func(rel string) error {
		text, err := os.ReadFile(filepath.Join(root, rel))
		fmt.Fprintf(sum, "%q %q", rel, text)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:6]), err
}

func locked(ctx context.Context, path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := lockfile.Take(path)
		if !errors.As(err, new(lockfile.Held)) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another process to install the example: %w", err)
		case <-tick.C:
		}
	}
}

// sweep removes copies that nobody has used for long, with what belongs to them.
func sweep(t *testing.T, pattern string) {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > cachedFor {
			os.RemoveAll(path)
		}
	}
}
