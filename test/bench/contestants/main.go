// Command contestants is the programs in Go that the benchmark compares: boostd, and
// what its users would write or take instead.
//
//	contestants NAME TASKJSON
//
// A file for each shows how it works and how it is tuned; package task has the words that
// all speak with the benchmark. It exits 0 after a stop, 1 when something failed, and 2
// when it can't be given the task. With BENCH_PROFILE=DIR in the environment it leaves
// cpu.pprof, of its whole life, and allocs.pprof there.
//
// It owns the contestants and what counts their messages, the same for all; what is
// measured, and against what, is the benchmark's.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// contestant reads the task's topics and works on their messages until ctx ends; then it
// finishes what is begun, commits and leaves.
type contestant func(ctx context.Context, t *task.Task, r *recorder) error

// contestants are those of this program.
var contestants = map[string]contestant{
	"boostd":       runBoostd,
	"bare":         runBare,
	"bare-default": runBareDefault,
	"franz":        runFranz,
	"hour":         runHour,
	"day":          runDay,
	"pool":         runPool,
	"hash":         runHash,
}

// errTask says that a contestant doesn't do what a task asks for.
var errTask = errors.New("can't be given this task")

func main() {
	err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "contestants:", err)
	}
	switch {
	case errors.Is(err, errTask):
		os.Exit(2)
	case err != nil:
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) != 2 {
		return fmt.Errorf("%w: want NAME TASKJSON, got %d arguments", errTask, len(args))
	}
	compete := contestants[args[0]]
	if compete == nil {
		return fmt.Errorf("%w: there is no contestant %q, only %s", errTask, args[0], strings.Join(slices.Sorted(maps.Keys(contestants)), ", "))
	}
	t, err := readTask(args[1])
	if err != nil {
		return fmt.Errorf("%w: %w", errTask, err)
	}
	end, err := profile(os.Getenv("BENCH_PROFILE"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	r := newRecorder(t, os.Stdout)
	go r.obey(os.Stdin, cancel) // as long as the process: standard input may stay open
	if t.Count > 0 {
		go r.await(ctx) // ends with ctx
	}
	if err := compete(ctx, t, r); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if err := context.Cause(ctx); !errors.Is(err, errStop) {
		return err
	}
	return nil
}

// The most that a task may ask for.
const (
	maxLevels     = 1000
	maxPartitions = 1000
	maxSlots      = 4096
)

func readTask(text string) (*task.Task, error) {
	t := &task.Task{}
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return nil, fmt.Errorf("read task: %w", err)
	}
	switch {
	case len(t.Brokers) == 0 || t.Base == "" || t.Group == "" || t.Dir == "":
		return nil, errors.New("read task: brokers, base, group and dir must be there")
	case t.Lowest < 0 || t.Highest < t.Lowest || t.Highest > maxLevels:
		return nil, fmt.Errorf("read task: levels %d to %d, want 0 to %d at most", t.Lowest, t.Highest, maxLevels)
	case t.Partitions < 1 || t.Partitions > maxPartitions:
		return nil, fmt.Errorf("read task: %d partitions, want 1 to %d", t.Partitions, maxPartitions)
	case t.Slots < 1 || t.Slots > maxSlots:
		return nil, fmt.Errorf("read task: %d slots, want 1 to %d", t.Slots, maxSlots)
	case t.WorkMin < 0 || t.WorkMax < 0:
		return nil, fmt.Errorf("read task: work of %d to %d µs", t.WorkMin, t.WorkMax)
	case !slices.Contains([]string{"none", "key", "partition"}, t.Order):
		return nil, fmt.Errorf("read task: order %q, want none, key or partition", t.Order)
	}
	return t, nil
}

// topics are the task's, from the lowest level on.
func topics(t *task.Task) (names []string) {
	for level := t.Lowest; level <= t.Highest; level++ {
		names = append(names, fmt.Sprintf("%s_%d", t.Base, level))
	}
	return names
}

// levelOf is the level of one of the task's topics.
func levelOf(topic string) (level int) {
	unit := 1
	for n := len(topic) - 1; n >= 0 && topic[n] != '_'; n-- {
		level += int(topic[n]-'0') * unit
		unit *= 10
	}
	return level
}
