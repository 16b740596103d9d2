package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/pprof/profile"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// profileVariable tells a contestant in Go where to leave cpu.pprof and allocs.pprof.
const profileVariable = "BENCH_PROFILE"

const (
	profileLimit = 2 * time.Minute
	// topLines are those of pprof that are printed.
	topLines = 25
)

// profiles has boostd work off case T's small messages with profiles on, and prints
// whose time and memory it is. Profiles slow it a little: its throughput counts nowhere.
func (b *bench) profiles(ctx context.Context, out io.Writer) (err error) {
	dir, err := filepath.Abs(b.profile)
	if err != nil {
		return fmt.Errorf("find folder for profiles: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make folder for profiles: %w", err)
	}
	s, err := openStage(ctx, stage{launch: profiling(b.launch, dir), sizes: b.size, into: b.into, say: b.say})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	l := loads[0]
	if err := fillLoad(ctx, s, l); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, profileLimit)
	defer cancel()
	threads, err := profileOnce(ctx, s, l)
	if err != nil {
		return err
	}
	count := l.count(s.sizes)
	fmt.Fprintf(out, "\n# %s, %d messages\n\n## CPU by thread, as the kernel has it\n\n%s", l.name, count, threads.table(count))
	for _, p := range []struct{ file, kind, title string }{
		{"cpu.pprof", "cpu", "CPU"}, {"allocs.pprof", "alloc_space", "allocated bytes"}, {"allocs.pprof", "alloc_objects", "allocations"},
	} {
		if err := explain(ctx, out, filepath.Join(dir, p.file), p.kind, p.title); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\nThe profiles are in %s: go tool pprof -http=: %s\n", dir, filepath.Join(dir, "cpu.pprof"))
	return nil
}

// profiling adds the variable to a contestant's environment.
func profiling(launch launcher, dir string) launcher {
	return func(ctx context.Context, name string, t task.Task) (*exec.Cmd, error) {
		cmd, err := launch(ctx, name, t)
		if err == nil {
			cmd.Env = append(cmd.Environ(), profileVariable+"="+dir)
		}
		return cmd, err
	}
}

func profileOnce(ctx context.Context, s *stage, l load) (threads, error) {
	job := s.task(l.base, l.levels-1)
	job.Count = int64(l.count(s.sizes))
	c, err := s.start(ctx, boostd, job)
	if err != nil {
		return nil, err
	}
	defer c.kill()
	if _, _, err := span(ctx, c); err != nil {
		return nil, err
	}
	used, err := threadsOf(c.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	_, err = c.stop(ctx)
	return used, err
}

// explain prints whose samples a profile has, and its top.
func explain(ctx context.Context, out io.Writer, path, kind, title string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read profile: %w", err)
	}
	defer file.Close()
	p, err := profile.Parse(file)
	if err != nil {
		return fmt.Errorf("read profile %s: %w", path, err)
	}
	value := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == kind })
	if value < 0 || len(p.Sample) == 0 {
		return fmt.Errorf("read profile %s: it has no samples of %s", path, kind)
	}
	text, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-sample_index="+kind, fmt.Sprintf("-nodecount=%d", topLines), path).Output()
	if err != nil {
		return fmt.Errorf("read profile %s: go tool pprof: %w", path, err)
	}
	fmt.Fprintf(out, "\n## %s, by who asked for it\n\n%s\n```\n%s```\n", title, table(owners(p, value)), text)
	return nil
}
