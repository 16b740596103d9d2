// Package environment is the virtual environment with the unchanged KafkaBoost, made once
// in the cache of test/kafkatest.
//
// It owns the versions that are installed; what is run in it is the callers'.
package environment

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/test/cached"
)

// requirements are pinned: with what pip would choose by itself KafkaBoost
// doesn't start.
var requirements = []string{"kafkaboost==0.2.0", "kafka-python==2.2.15"}

// limit bounds making the environment, or waiting for another process that does:
// some 25 MB of downloads.
const limit = 5 * time.Minute

// What a machine may lack.
var (
	ErrNoPython = errors.New("no python3")
	ErrNoVenv   = errors.New("no venv for python3")
)

var made struct {
	sync.Mutex
	path string
}

// Python is the environment's interpreter. The error is ErrNoPython or ErrNoVenv where
// the machine has no Python that can make one.
func Python(ctx context.Context) (path string, err error) {
	made.Lock()
	defer made.Unlock()
	if made.path == "" {
		made.path, err = ensure(ctx)
	}
	return made.path, err
}

func ensure(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	system, err := exec.LookPath("python3")
	if err != nil {
		return "", ErrNoPython
	}
	if err := exec.CommandContext(ctx, system, "-c", "import venv, ensurepip").Run(); err != nil {
		return "", ErrNoVenv
	}
	version, err := exec.CommandContext(ctx, system, "-VV").Output()
	if err != nil {
		return "", fmt.Errorf("ask python3 for its version: %w", err)
	}
	name := cached.Name("kafkaboost", append(requirements[:len(requirements):len(requirements)], system, string(version))...)
	dir, err := cached.Folder(ctx, name, func(dir string) error { return install(ctx, system, dir) })
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "bin", "python"), nil
}

func install(ctx context.Context, system, dir string) error {
	for _, args := range [][]string{
		{system, "-m", "venv", dir},
		append([]string{filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, requirements...),
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
