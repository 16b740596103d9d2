package main

import (
	"context"
	"os"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// Case S: how long a start and a stop take, and a change of the settings.

var (
	startTime = measure{"start", "ms", false, "from the start of the process to the start of the first message's work; the groups are known, the message waits"}
	stopTime  = measure{"stop", "ms", false, "from the request to the end of the process; a second after the last message"}
)

const (
	startBase = "s"
	startName = "11 levels"
)

func startCase() *benchCase {
	return &benchCase{letter: "S", rounds: 5, data: fillStart, variants: func(quick bool) []variant {
		others := seldom(1, bareDefault, franz, day, parallelConsumer, kafkaBoost)
		if quick {
			others = nil
		}
		return []variant{
			{name: startName, limit: 60 * time.Second, who: everyone(always(boostd, bare), others), run: runStart},
			{name: reloadName, limit: 60 * time.Second, who: always(boostd), run: runReload},
		}
	}}
}

func fillStart(ctx context.Context, s *stage) error {
	if err := s.create(ctx, startBase, highLevel, partitions); err != nil {
		return err
	}
	if err := s.create(ctx, reloadBase, 1, partitions); err != nil {
		return err
	}
	return s.fill(ctx, batch{topic: topic(reloadBase, 0), partitions: partitions, count: reloadBacklog, value: value(0, 100)})
}

func runStart(ctx context.Context, s *stage, t turn) error {
	job := s.task(startBase, highLevel)
	job.Group = "start-" + t.contestant
	if t.round == 0 {
		// The first time makes the groups known.
		if _, _, err := startOnce(ctx, s, t.contestant, job); err != nil {
			return err
		}
	}
	began, stopped, err := startOnce(ctx, s, t.contestant, job)
	if err != nil {
		return err
	}
	s.into.add(t, startTime, millis(began))
	s.into.add(t, stopTime, millis(stopped))
	return nil
}

// startOnce starts a contestant for one message, and stops it.
func startOnce(ctx context.Context, s *stage, name string, job task.Task) (began, stopped time.Duration, err error) {
	b := batch{topic: topic(startBase, highLevel), partitions: partitions, count: 1, value: value(highLevel, 100)}
	if err := s.fill(ctx, b); err != nil {
		return 0, 0, err
	}
	// Each process has a folder of its own, as on a machine that restarts it elsewhere.
	if job.Dir, err = os.MkdirTemp(s.dir, name+"-"); err != nil {
		return 0, 0, err
	}
	c, err := s.start(ctx, name, job)
	if err != nil {
		return 0, 0, err
	}
	defer c.kill()
	first, err := c.await(ctx, task.First)
	if err != nil {
		return 0, 0, err
	}
	if err := sleep(ctx, time.Second); err != nil { // it commits meanwhile, and is idle
		return 0, 0, err
	}
	stopped, err = c.stop(ctx)
	return time.Unix(0, first.At).Sub(c.began), stopped, err
}
