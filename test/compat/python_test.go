package compat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/lockfile"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// requirements are pinned: with what pip would choose by itself KafkaBoost
// doesn't start.
var requirements = []string{"kafkaboost==0.2.0", "kafka-python==2.2.15"}

// environmentLimit bounds making the environment, or waiting for another
// process that does: some 25 MB of downloads.
const environmentLimit = 5 * time.Minute

// python is the environment's interpreter. Where the machine has no Python that
// can make one, the test is NOT RUN.
func python(t testing.TB) string {
	t.Helper()
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT RUN: no python3")
	}
	path, err := environment(system)
	if errors.Is(err, errNoVenv) {
		t.Skip("NOT RUN: no venv for python3")
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var errNoVenv = errors.New("this Python can't make environments")

var made struct {
	sync.Once
	path string
	err  error
}

func environment(system string) (string, error) {
	made.Do(func() { made.path, made.err = makeEnvironment(system) })
	return made.path, made.err
}

// makeEnvironment fills a folder beside the final one and renames it, so that
// what is there is whole.
func makeEnvironment(system string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), environmentLimit)
	defer cancel()
	if err := exec.CommandContext(ctx, system, "-c", "import venv, ensurepip").Run(); err != nil {
		return "", errNoVenv
	}
	version, err := exec.CommandContext(ctx, system, "-VV").Output()
	if err != nil {
		return "", fmt.Errorf("ask python3 for its version: %w", err)
	}
	cache, err := kafkatest.CacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(append(requirements, system, string(version)), "\n")))
	final := filepath.Join(cache, "kafkaboost-"+hex.EncodeToString(sum[:6]))
	path := filepath.Join(final, "bin", "python")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", fmt.Errorf("make the cache: %w", err)
	}
	lock, err := lockEnvironment(ctx, final+".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if _, err := os.Stat(path); err == nil {
		return path, nil // another process has made it meanwhile
	}
	making := final + ".making"
	if err := os.RemoveAll(making); err != nil {
		return "", fmt.Errorf("remove a half-made environment: %w", err)
	}
	for _, args := range [][]string{
		{system, "-m", "venv", making},
		append([]string{filepath.Join(making, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, requirements...),
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	if err := os.Rename(making, final); err != nil {
		return "", fmt.Errorf("make the environment: %w", err)
	}
	return path, nil
}

func lockEnvironment(ctx context.Context, path string) (*os.File, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := lockfile.Take(path)
		if !errors.As(err, new(lockfile.Held)) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another process to make the environment: %w", err)
		case <-tick.C:
		}
	}
}
