package s3test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/kafkaboost/boostd/lockfile"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

const (
	command = "github.com/versity/versitygw/cmd/versitygw"
	// buildLimit bounds the build, one or two minutes on two idle cores with what is
	// fetched, or the wait for another process that builds.
	buildLimit = 6 * time.Minute
	lockEvery  = 50 * time.Millisecond
)

var pinned = regexp.MustCompile(`(?m)^\s*github\.com/versity/versitygw (v\S+)`)

// program returns the server's program and builds it first where it is missing.
// It comes into being by a rename; so what is there is whole, and the lock only
// keeps two from building at once.
func program(ctx context.Context) (string, error) {
	tools, err := toolsModule()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(tools, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("find version of versitygw: %w", err)
	}
	version := pinned.FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("find version of versitygw: %s/go.mod doesn't have it", tools)
	}
	cache, err := kafkatest.CacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "versitygw-"+string(version[1]))
	path := filepath.Join(dir, "versitygw")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	return path, build(ctx, tools, dir, path)
}

// toolsModule finds the folder tools/ from a test's own, which is its package's.
func toolsModule() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		tools := filepath.Join(dir, "tools")
		if _, err := os.Stat(filepath.Join(tools, "go.mod")); err == nil {
			return tools, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find tools/go.mod: it is in no folder above the test's")
		}
	}
	return "", fmt.Errorf("find tools/go.mod: %w", err)
}

func build(ctx context.Context, tools, dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("build versitygw: %w", err)
	}
	lock, err := wait(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return fmt.Errorf("build versitygw (another process may be at it): %w", err)
	}
	defer lock.Close()
	if _, err := os.Stat(path); err == nil {
		return nil // by whom we waited for
	}
	made := path + "-making"
	cmd := exec.CommandContext(ctx, "go", "build", "-C", tools, "-trimpath", "-ldflags=-s -w", "-o", made, command)
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build versitygw: %w\n%s", err, out)
	}
	if err := os.Rename(made, path); err != nil {
		return fmt.Errorf("build versitygw: %w", err)
	}
	return nil
}

// wait takes the lock as soon as it is free.
func wait(ctx context.Context, path string) (*os.File, error) {
	tick := time.NewTicker(lockEvery)
	defer tick.Stop()
	for {
		lock, err := lockfile.Take(path)
		if held := (lockfile.Held{}); !errors.As(err, &held) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
