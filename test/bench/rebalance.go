package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// Case R: for how long a partition is nobody's, while an instance joins, leaves, or is
// killed.

const clockGap = "the longest time in which no message of a partition begins, of which there are 100 a second in each"

var (
	gapMoved  = measure{"gap", "ms", false, clockGap + ": partitions that change their instance"}
	gapStayed = measure{"gap of those that stay", "ms", false, clockGap + ": partitions that don't"}
)

const (
	joinName, leaveName, killName = "an instance joins", "an instance leaves", "an instance is killed"

	rebalanceBase = "r"
	// everyTick messages go to each partition at once, so often a second.
	ticksPerSecond = 100
	// sessionLimit bounds how long a group keeps the partitions of a killed member: the
	// longest default session is 45 s.
	sessionLimit = 60 * time.Second
)

func rebalanceCase() *benchCase {
	return &benchCase{letter: "R", rounds: 2, variants: func(quick bool) []variant {
		who := everyone(always(boostd, bare), seldom(1, franz))
		if quick {
			who = always(boostd)
		}
		// One turn has all three: instances that are there already join and leave.
		return []variant{{name: joinName, who: who, limit: 2*sessionLimit + 30*time.Second,
			run: func(ctx context.Context, s *stage, t turn) error {
				// Others keep the partitions of a killed member for 45 s.
				return runRebalance(ctx, s, t, t.round == 0 && !quick && t.contestant != franz)
			}}}
	}, data: func(ctx context.Context, s *stage) error { return s.create(ctx, rebalanceBase, 0, partitions) }}
}

// members are a contestant's instances, one group.
type instances struct {
	*stage
	turn turn
	job  task.Task
	all  []*contestant
}

func runRebalance(ctx context.Context, s *stage, t turn, kill bool) error {
	if err := s.empty(ctx, topic(rebalanceBase, 0), partitions); err != nil {
		return err
	}
	i := &instances{stage: s, turn: t, job: s.task(rebalanceBase, 0)}
	i.job.Trace = true
	defer func() {
		for _, c := range i.all {
			c.kill()
		}
	}()
	streaming, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.tick(streaming, rebalanceBase) }()
	err := i.play(ctx, kill)
	end()
	if lost := <-ended; err == nil {
		err = lost
	}
	if err != nil {
		return err
	}
	_, err = i.all[0].stop(ctx)
	return err
}

// play is what happens to the first instance.
func (i *instances) play(ctx context.Context, kill bool) error {
	if err := i.join(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, i.sizes.settling); err != nil {
		return err
	}
	if err := i.during(ctx, joinName, func() error { return i.join(ctx) }); err != nil {
		return err
	}
	if err := i.during(ctx, leaveName, func() error { _, err := i.all[1].stop(ctx); return err }); err != nil {
		return err
	}
	if !kill {
		return nil
	}
	if err := i.join(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, i.sizes.settling); err != nil {
		return err
	}
	return i.during(ctx, killName, func() error {
		i.all[2].kill()
		return i.whole(ctx, time.Now())
	})
}

// join starts an instance and waits until it has a message.
func (i *instances) join(ctx context.Context) error {
	job := i.job
	job.Dir = ""
	c, err := i.start(ctx, i.turn.contestant, job)
	if err != nil {
		return err
	}
	i.all = append(i.all, c)
	_, err = c.await(ctx, task.First)
	return err
}

// whole waits until each partition is handled again.
func (i *instances) whole(ctx context.Context, since time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, sessionLimit)
	defer cancel()
	for {
		again := 0
		for _, list := range byPlace(i.traces()) {
			if list[len(list)-1].at.After(since) {
				again++
			}
		}
		if again == partitions {
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return i.all[0].why(fmt.Errorf("wait for all partitions, of which %d of %d are handled: %w", again, partitions, err))
		}
	}
}

// during measures the gaps that something makes.
func (i *instances) during(ctx context.Context, name string, happens func() error) error {
	from := time.Now()
	if err := happens(); err != nil {
		return err
	}
	if err := sleep(ctx, i.sizes.settling); err != nil {
		return err
	}
	moved, stayed := gaps(byPlace(i.traces()), from, time.Now().Add(-i.sizes.settling/10)) // what is on its way counts elsewhere
	t := i.turn
	t.variant = name
	if moved < 0 {
		return fmt.Errorf("%s, and no partition has changed its instance", name)
	}
	i.into.add(t, gapMoved, millis(moved))
	if stayed >= 0 {
		i.into.add(t, gapStayed, millis(stayed))
	}
	return nil
}

func (i *instances) traces() (all [][]task.Event) {
	for _, c := range i.all {
		all = append(all, c.trace())
	}
	return all
}

// tick sends a message to each partition at once, again and again, until ctx ends.
func (s *stage) tick(ctx context.Context, base string) error {
	var sent sending
	every := time.NewTicker(time.Second / ticksPerSecond)
	defer every.Stop()
	text := value(0, 100)
	for {
		select {
		case <-ctx.Done():
			return s.flush(context.WithoutCancel(ctx), &sent)
		case <-every.C:
			for p := range partitions {
				s.client.Produce(context.WithoutCancel(ctx), &kgo.Record{Topic: topic(base, 0), Partition: int32(p), Value: text}, sent.done)
			}
		}
	}
}
