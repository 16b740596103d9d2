package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// seen is what a contestant did within a time.
type seen struct {
	// waits of high messages in milliseconds, from production to start; a message that
	// hadn't begun when nobody waited longer counts with its wait until then.
	waits []float64
	// low is how many messages of level 0 began a second.
	low float64
}

// highWindow sends high messages for a while and returns how they fared, and how much
// low work was begun meanwhile.
func (h *high) highWindow(ctx context.Context, c *contestant) (seen, error) {
	before, err := c.ask(ctx)
	if err != nil {
		return seen{}, err
	}
	made, err := h.stream(ctx, h.message(), perSecond, h.sizes.streaming)
	if err != nil {
		return seen{}, err
	}
	after, err := c.ask(ctx)
	if err != nil {
		return seen{}, err
	}
	waits, err := collect(ctx, c, after.Waits, len(made), patience)
	return seen{append(waits, begunLate(made, len(waits), time.Now())...), lowRate(before, after)}, err
}

// plainWindow is the low work alone.
func (h *high) plainWindow(ctx context.Context, c *contestant) (low float64, err error) {
	before, err := c.ask(ctx)
	if err != nil {
		return 0, err
	}
	if err := sleep(ctx, h.sizes.plain); err != nil {
		return 0, err
	}
	after, err := c.ask(ctx)
	return lowRate(before, after), err
}

// burst is how long a thousand high messages take that are produced at once, in
// milliseconds: from then until the last has begun, and its work. The median of
// several.
func (h *high) burst(ctx context.Context, c *contestant) (float64, error) {
	var all []float64
	for range h.sizes.bursts {
		if _, err := c.ask(ctx); err != nil { // what was before doesn't count
			return 0, err
		}
		b := h.message()
		b.count, b.headers = burstSize, stamp(time.Now())
		if err := h.fill(ctx, b); err != nil {
			return 0, err
		}
		waits, err := collect(ctx, c, nil, b.count, 5*patience)
		if err != nil {
			return 0, err
		}
		if len(waits) < b.count {
			return 0, fmt.Errorf("of a burst of %d only %d messages have begun within %v", b.count, len(waits), 5*patience)
		}
		all = append(all, slices.Max(waits)+millis(highWork))
		if err := sleep(ctx, time.Second); err != nil {
			return 0, err
		}
	}
	return median(all), nil
}

// collect asks for marks until there are so many waits, or patience is at its end. It
// returns them in milliseconds.
func collect(ctx context.Context, c *contestant, have []int64, want int, patience time.Duration) (waits []float64, err error) {
	const step = 25 * time.Millisecond
	for deadline := time.Now().Add(patience); len(have) < want && time.Now().Before(deadline); {
		if err := sleep(ctx, step); err != nil {
			return nil, err
		}
		mark, err := c.ask(ctx)
		if err != nil {
			return nil, err
		}
		have = append(have, mark.Waits...)
	}
	for _, w := range have {
		waits = append(waits, float64(w)/1e6)
	}
	return waits, nil
}

// begunLate are the waits so far of those that haven't begun: the ones that were made
// last, as far as anybody can tell.
func begunLate(made []time.Time, begun int, now time.Time) (waits []float64) {
	for _, at := range made[min(begun, len(made)):] {
		waits = append(waits, millis(now.Sub(at)))
	}
	return waits
}

// lowRate is how many messages of level 0 began a second between two marks.
func lowRate(before, after task.Event) float64 {
	if len(before.Started) == 0 || len(after.Started) == 0 || after.At <= before.At {
		return 0
	}
	return float64(after.Started[0]-before.Started[0]) / time.Duration(after.At-before.At).Seconds()
}

// errDry says that a measurement is void.
var errDry = errors.New("level 0 ran dry before the end: it was no load any more")

// loaded checks that low work is still there.
func (h *high) loaded(ctx context.Context, c *contestant) error {
	mark, err := c.ask(ctx)
	if err != nil {
		return err
	}
	if len(mark.Started) == 0 || mark.Started[0] >= int64(h.sizes.backlog) {
		return errDry
	}
	return nil
}

func millis(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// quantile of values that may stand in any order; there must be one. It is the least
// that at least q of all are at or below.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(n, 0), len(sorted)-1)]
}

func median(values []float64) float64 { return quantile(values, 0.5) }
