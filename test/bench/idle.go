package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// Case I: what it costs to wait. Contestants wait at the same time, each in its own
// groups: so they have the same machine, and it takes no longer than one. Those that cost
// much while they wait do so apart from the others, which they would disturb.

var (
	idleCPU  = measure{"CPU", "% of a core", false, "user and system time of all threads while nothing comes, contestants side by side"}
	slackCPU = measure{"CPU at 20 messages/s", "% of a core", false, "the same while 20 messages a second come to the highest level"}
)

func idleCase() *benchCase {
	return &benchCase{letter: "I", rounds: 2, whole: runIdle,
		variants: func(quick bool) (all []variant) {
			for _, levels := range levelCounts {
				who := everyone(always(boostd, bare, franz), seldom(1, day, parallelConsumer, kafkaBoost))
				if levels != 11 {
					who = always(boostd, bare)
				}
				if levels == 11 || !quick {
					all = append(all, variant{name: levelsName(levels), who: who, limit: 150 * time.Second})
				}
			}
			return all
		},
		data: func(ctx context.Context, s *stage) error {
			for _, levels := range levelCounts {
				if err := s.create(ctx, idleBaseOf(levels), levels-1, partitions); err != nil {
					return err
				}
			}
			return nil
		}}
}

func idleBaseOf(levels int) string { return fmt.Sprintf("i-%d", levels) }

// runIdle has all wait at once; one that fails leaves the others alone.
func runIdle(ctx context.Context, s *stage, v variant, names []string, round int) error {
	levels := levelCounts[0]
	for _, n := range levelCounts {
		if levelsName(n) == v.name {
			levels = n
		}
	}
	heavy := func(name string) bool { return name == kafkaBoost || name == parallelConsumer }
	return errors.Join(
		idleTogether(ctx, s, v, levels, slices.DeleteFunc(slices.Clone(names), heavy), round),
		idleTogether(ctx, s, v, levels, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !heavy(name) }), round))
}

func idleTogether(ctx context.Context, s *stage, v variant, levels int, names []string, round int) error {
	g := &idlers{stage: s, levels: levels, base: idleBaseOf(levels)}
	defer g.end()
	if len(names) == 0 {
		return nil
	}
	for _, name := range names {
		t := turn{"I", v.name, name, round}
		c, err := s.start(ctx, name, s.task(g.base, levels-1))
		if err != nil {
			s.fail(t, err)
			continue
		}
		g.all = append(g.all, idler{c, t})
	}
	if err := g.begin(ctx); err != nil {
		return err
	}
	if err := g.watch(idleCPU, func() error { return sleep(ctx, s.sizes.idle) }); err != nil {
		return err
	}
	if levels != 11 {
		return nil
	}
	return g.watch(slackCPU, func() error {
		_, err := s.stream(ctx, g.message(), perSecond, s.sizes.idle)
		return err
	})
}

// idlers are contestants that wait side by side.
type idlers struct {
	*stage
	levels int
	base   string
	all    []idler
}

type idler struct {
	*contestant
	turn turn
}

func (g *idlers) message() batch {
	return batch{topic: topic(g.base, g.levels-1), partitions: partitions, value: value(g.levels-1, 100)}
}

// begin gives each a message, so that all is set up, and waits until they are quiet.
func (g *idlers) begin(ctx context.Context) error {
	one := g.message()
	one.count = 1
	if err := g.fill(ctx, one); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var rest []idler
	for _, i := range g.all {
		if _, err := i.await(soon, task.First); err != nil {
			i.kill()
			g.fail(i.turn, err)
			continue
		}
		rest = append(rest, i)
	}
	g.all = rest
	return sleep(ctx, g.sizes.warmUp*2)
}

// watch measures all while something goes on.
func (g *idlers) watch(m measure, meanwhile func() error) error {
	before := make([]usage, len(g.all))
	errs := make([]error, len(g.all))
	began := time.Now()
	for n, i := range g.all {
		before[n], errs[n] = i.used()
	}
	if err := meanwhile(); err != nil {
		return err
	}
	took := time.Since(began)
	for n, i := range g.all {
		after, err := i.used()
		if err := errors.Join(errs[n], err); err != nil {
			g.fail(i.turn, i.why(err))
			continue
		}
		percent := 100 * (after.cpu - before[n].cpu).Seconds() / took.Seconds()
		g.into.add(i.turn, m, percent)
		g.say("  I, %s, round %d: %s: %s %.2f %s", i.turn.variant, i.turn.round+1, i.name, m.name, percent, m.unit)
	}
	return nil
}

// end stops them all, together.
func (g *idlers) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	var ends sync.WaitGroup
	for _, i := range g.all {
		ends.Go(func() {
			defer i.kill()
			if _, err := i.stop(ctx); err != nil {
				g.say("  %s doesn't stop: %v", i.name, err)
			}
		})
	}
	ends.Wait()
}
