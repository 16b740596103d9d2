package main

import (
	"context"
	"time"

	"github.com/kafkaboost/boostd/test/bench/report"
	"github.com/kafkaboost/boostd/test/bench/task"
)

// Case H: how long high messages wait, with nothing else to do and while low ones
// keep all slots busy, and what they cost the low ones.

const (
	clockWait  = "from production, in the message's header, to the start of its work"
	clockBegan = "messages of level 0 begun"
)

var (
	waitHalf = measure{"wait p50", "ms", false, clockWait}
	waitMost = measure{"wait p99", "ms", false, clockWait}
	lowWith  = measure{"low work", "messages/s", true, clockBegan + ", while 20 high messages a second come"}
	lowAlone = measure{"low work without high", "messages/s", true, clockBegan + ", in the same process, while no high messages come"}
	bursting = measure{"burst of 1,000", "ms", false, "from production of all, at once, to the end of the last; in each round the median of some bursts"}
)

const (
	highLevel = 10
	perSecond = 20
	burstSize = 1_000
	highWork  = time.Millisecond
	// patience is how long is waited for high messages that haven't begun.
	patience = 2 * time.Second

	loadedBase, idleBase = "h", "h-idle"
	idleName, loadedName = "idle", "1 ms work"
)

// high is one contestant's turn.
type high struct {
	*stage
	base string
}

// message is what a high one is like.
func (h *high) message() batch {
	return batch{topic: topic(h.base, highLevel), partitions: partitions, value: value(highLevel, 100)}
}

// pressure is a variant of the case.
type pressure struct {
	name             string
	idle             bool
	workMin, workMax time.Duration
	reserve          int
	// all asks for everything: low work without high messages, and bursts.
	all bool
	who []entry
}

var pressures = []pressure{
	{name: idleName, idle: true, workMin: highWork, workMax: highWork, all: true,
		who: everyone(always(boostd), seldom(3, day), seldom(1, hour, parallelConsumer, kafkaBoost))},
	{name: loadedName, workMin: highWork, workMax: highWork, all: true,
		who: everyone(always(boostd), seldom(3, day), seldom(1, hour, parallelConsumer, kafkaBoost))},
	{name: "1 ms work, reserve 1", workMin: highWork, workMax: highWork, reserve: 1, who: always(boostd)},
	{name: "25–75 ms work", workMin: 25 * time.Millisecond, workMax: 75 * time.Millisecond, who: always(boostd)},
	{name: "50 ms work, reserve 2", workMin: 50 * time.Millisecond, workMax: 50 * time.Millisecond, reserve: 2, who: always(boostd)},
}

func waitsCase() *benchCase {
	return &benchCase{letter: "H", rounds: 20, data: fillBacklog, variants: func(quick bool) (all []variant) {
		for _, p := range pressures {
			who := p.who
			if quick {
				who = longest(who)
			}
			all = append(all, variant{name: p.name, who: who, limit: 90 * time.Second,
				run: func(ctx context.Context, s *stage, t turn) error { return runWaits(ctx, s, t, p) }})
		}
		return all
	}}
}

// longest leaves out who is measured once: those whose high messages wait for seconds.
func longest(who []entry) (all []entry) {
	for _, e := range who {
		if e.rounds != 1 {
			all = append(all, e)
		}
	}
	return all
}

// fillBacklog produces the low messages once: each contestant reads them with a new group.
func fillBacklog(ctx context.Context, s *stage) error {
	for _, base := range []string{loadedBase, idleBase} {
		if err := s.create(ctx, base, highLevel, partitions); err != nil {
			return err
		}
	}
	return s.fill(ctx, batch{topic: topic(loadedBase, 0), partitions: partitions, count: s.sizes.backlog, value: value(0, 100)})
}

func runWaits(ctx context.Context, s *stage, t turn, p pressure) error {
	h := &high{stage: s, base: loadedBase}
	if p.idle {
		h.base = idleBase
	}
	// The high messages of earlier turns are nothing to wait for.
	if err := s.empty(ctx, topic(h.base, highLevel), partitions); err != nil {
		return err
	}
	job := s.task(h.base, highLevel)
	job.WorkMin, job.WorkMax, job.Reserve = p.workMin.Microseconds(), p.workMax.Microseconds(), p.reserve
	c, err := s.start(ctx, t.contestant, job)
	if err != nil {
		return err
	}
	defer c.kill()
	if err := h.warm(ctx, c); err != nil {
		return err
	}
	if err := h.measure(ctx, c, t, p); err != nil {
		return err
	}
	if !p.idle {
		if err := h.loaded(ctx, c); err != nil {
			return err
		}
	}
	_, err = c.stop(ctx)
	return err
}

// warm waits until the contestant has begun a high message, or, if it lets those
// wait, has worked for a while.
func (h *high) warm(ctx context.Context, c *contestant) error {
	if _, err := c.await(ctx, task.Polling); err != nil {
		return err
	}
	if h.base == loadedBase {
		if _, err := c.await(ctx, task.First); err != nil {
			return err
		}
	}
	// Without the header their waits aren't told.
	one := h.message()
	one.count = 1
	for deadline := time.Now().Add(10 * patience); time.Now().Before(deadline); {
		if err := h.fill(ctx, one); err != nil {
			return err
		}
		mark, err := c.ask(ctx)
		if err != nil {
			return err
		}
		begun := len(mark.Started) > highLevel && mark.Started[highLevel] > 0
		if begun || h.base == loadedBase && time.Until(deadline) < 9*patience {
			break
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return sleep(ctx, h.sizes.warmUp)
}

// measure has the high messages first in even rounds, and last in odd ones: so what
// changes while a process runs favours neither.
func (h *high) measure(ctx context.Context, c *contestant, t turn, p pressure) error {
	plain := func() error {
		if p.idle || !p.all {
			return nil
		}
		low, err := h.plainWindow(ctx, c)
		if err == nil {
			h.into.add(t, lowAlone, low)
		}
		return err
	}
	if t.round%2 == 1 {
		if err := plain(); err != nil {
			return err
		}
	}
	got, err := h.highWindow(ctx, c)
	if err != nil {
		return err
	}
	h.into.add(t, waitHalf, quantile(got.waits, 0.5))
	h.into.add(t, waitMost, quantile(got.waits, 0.99))
	h.into.addWaits(t, got.waits)
	if !p.idle {
		h.into.add(t, lowWith, got.low)
	}
	if t.round%2 == 0 {
		if err := plain(); err != nil {
			return err
		}
	}
	return h.bursts(ctx, c, t, p)
}

func (h *high) bursts(ctx context.Context, c *contestant, t turn, p pressure) error {
	if !p.all || t.contestant != boostd {
		return nil // with most others it would wait for minutes
	}
	took, err := h.burst(ctx, c)
	if err == nil {
		h.into.add(t, bursting, took)
	}
	return err
}

// waitPlots are the distributions: each variant's, and boostd's floor.
func waitPlots(c *collector) (all []report.Waits) {
	for _, p := range pressures {
		if p.idle {
			continue
		}
		for _, e := range p.who {
			if floor := c.waits[[2]string{idleName, e.name}]; len(floor) > 0 && e.name == boostd {
				all = append(all, report.NewWaits(p.name, e.name, true, floor))
			}
			if waits := c.waits[[2]string{p.name, e.name}]; len(waits) > 0 {
				all = append(all, report.NewWaits(p.name, e.name, false, waits))
			}
		}
	}
	return all
}
