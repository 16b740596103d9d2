// Package launch builds the benchmark's contestants and says how each is started.
//
// It owns where they are kept and their commands; what they do is theirs, and what is done
// with them the benchmark's.
package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/test/bench/report"
	"github.com/kafkaboost/boostd/test/bench/task"
)

// folder has the contestants, below the repository's root.
const folder = "test/bench/contestants"

// Names are the contestants, in the order of the tables.
func Names() []report.Contestant {
	all := []report.Contestant{
		{Name: "boostd", What: "the daemon as it is, with its defaults and the handler noop", File: "boostd.go"},
		{Name: "bare", What: "confluent-kafka-go's Poll loop, one for each level, tuned", File: "bare.go"},
		{Name: "bare-default", What: "the same with the client's and Go's defaults", File: "bare.go"},
		{Name: "franz", What: "franz-go's poll loop, one client for all topics, tuned", File: "franz.go"},
		{Name: "hour", What: "what a Go user writes in an hour: one consumer for all topics, a channel, goroutines", File: "hour.go"},
		{Name: "day", What: "what a Go user writes in a day: a consumer and a channel for each level, a free slot takes from the highest", File: "day.go"},
		{Name: "pool", What: "a hand-written pool of goroutines without order", File: "pool.go"},
		{Name: "hash", What: "goroutines that keys are spread over by their hash", File: "hash.go"},
		{Name: "parallel", What: "Confluent's parallel-consumer 0.5.3.3 in Java", File: "parallel/Parallel.java"},
		{Name: "kafkaboost", What: "KafkaBoost 0.2.0 in Python", File: "kafkaboost.py"},
	}
	for n := range all {
		all[n].File = folder + "/" + all[n].File
	}
	return all
}

// others are the contestants that aren't written in Go.
var others = map[string]struct {
	prepare func(context.Context) error
	command func(ctx context.Context, args ...string) (*exec.Cmd, error)
}{
	"parallel":   {buildJava, javaCommand},
	"kafkaboost": {preparePython, pythonCommand},
}

// buildLimit bounds building one of them, downloads included.
const buildLimit = 5 * time.Minute

// Prepare builds what Command starts: the program in Go into bin/, the others into the
// cache of test/kafkatest, where they stay. It needs the network once. What is Missing is
// left out.
func Prepare(ctx context.Context) error {
	if err := limited(ctx, buildGo); err != nil {
		return err
	}
	var errs []error // one that can't be had leaves the others alone
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if Missing(name) != "" {
			continue
		}
		if err := limited(ctx, others[name].prepare); err != nil {
			errs = append(errs, fmt.Errorf("prepare %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func limited(ctx context.Context, prepare func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	return prepare(ctx)
}

// Missing says what this machine lacks to run a contestant, such as "no mvn"; "" for
// nothing.
func Missing(name string) string {
	switch name {
	case "parallel":
		return missingJava()
	case "kafkaboost":
		return missingPython()
	}
	return ""
}

// Command is a contestant with its task; it isn't started yet, and has neither its
// standard streams nor a process group of its own. Prepare comes first. The task's folder
// should have a short path: boostd's control socket is in it. kafkaboost reads messages
// whose value is JSON, and no others; it and boostd read the topic {base} too, which must
// be there. What can't be given a task, for its order, exits with code 2 and says why.
func Command(ctx context.Context, name string, t task.Task) (*exec.Cmd, error) {
	if !slices.ContainsFunc(Names(), func(c report.Contestant) bool { return c.Name == name }) {
		return nil, fmt.Errorf("there is no contestant %q", name)
	}
	text, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("write task: %w", err)
	}
	if other, ok := others[name]; ok {
		return other.command(ctx, string(text))
	}
	path, err := binary()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("find contestants: %w; Prepare builds them", err)
	}
	return exec.CommandContext(ctx, path, name, string(text)), nil
}

// root is the repository's.
var root = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository: go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("find the repository: there is no go.mod in this folder or above; start inside of it")
	}
	return filepath.Dir(mod), nil
})

// binary is the program of all contestants in Go.
func binary() (string, error) {
	dir, err := root()
	return filepath.Join(dir, "bin", "contestants"), err
}

// buildGo builds it as `make build` builds boostd. It may run already: so the new one
// takes the old one's place as a whole.
func buildGo(ctx context.Context) error {
	dir, err := root()
	if err != nil {
		return err
	}
	final, err := binary()
	if err != nil {
		return err
	}
	making := fmt.Sprintf("%s.%d", final, os.Getpid())
	defer os.Remove(making)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", making, "./"+folder)
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build contestants: %w\n%s", err, out)
	}
	if err := os.Rename(making, final); err != nil {
		return fmt.Errorf("build contestants: %w", err)
	}
	return nil
}
