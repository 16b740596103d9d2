package scheduler

import (
	"slices"
	"time"
)

// sweepEvery is how long the gate may go without looking at all consumers that
// it keeps from fetching. What is above them, in seconds of work, doesn't change
// faster; without this every message of 10,000 levels would look at all of them.
const sweepEvery = 10 * time.Millisecond

// gated are the consumers that don't simply run: the only ones whose state can
// change although nothing has happened to themselves.
type gated struct {
	all   []*consumer
	swept time.Time
	// wake is when the first of them wants to be looked at.
	wake time.Time
}

// put notes whether the consumer belongs to them.
func (g *gated) put(k *consumer, in bool) {
	switch {
	case in && k.gated == 0:
		g.all = append(g.all, k)
		k.gated = len(g.all)
	case !in && k.gated > 0:
		last := g.all[len(g.all)-1]
		g.all[k.gated-1], last.gated = last, k.gated
		g.all = g.all[:len(g.all)-1]
		k.gated = 0
	}
}

// touch notes that something has happened to the consumer in this step.
func (c *Core) touch(k *consumer) {
	if !k.touched {
		k.touched = true
		c.touched = append(c.touched, k)
	}
}

func (c *Core) touchAll() {
	for _, k := range c.consumers {
		c.touch(k)
	}
}

// gate computes the state of the consumers that were touched, and of all others
// when it is time or a slot could be idle because of them. It returns when it
// wants to be asked again.
func (c *Core) gate(now time.Time) (wake time.Time) {
	g := &c.gated
	due := !g.wake.IsZero() && !now.Before(g.wake)
	if now.Sub(g.swept) < sweepEvery && !due && !c.starving() {
		for _, k := range c.touched {
			g.wake = sooner(g.wake, c.gateOne(now, k))
		}
		if len(g.all) == 0 {
			return time.Time{}
		}
		return sooner(g.wake, g.swept.Add(sweepEvery))
	}
	g.swept, g.wake = now, time.Time{}
	for _, p := range c.pools {
		p.aboveKnown = false
	}
	for _, k := range c.touched {
		g.put(k, !k.leaving)
	}
	for _, k := range slices.Backward(g.all) { // backwards: who runs again leaves
		g.wake = sooner(g.wake, c.gateOne(now, k))
	}
	return g.wake
}

// starving reports whether a slot is free while a consumer of its pool is paused.
func (c *Core) starving() bool {
	for _, p := range c.pools {
		if p.paused > 0 && p.usable() > 0 {
			return true
		}
	}
	return false
}

// gateOne computes one consumer's state.
func (c *Core) gateOne(now time.Time, k *consumer) (again time.Time) {
	if k.gate.since.IsZero() {
		k.gate.since = now
	}
	if k.leaving {
		return time.Time{}
	}
	byHand := c.byHand(k)
	if k.gate.state != Run || byHand || k.full() {
		var next gateState
		next, again = k.gate.next(gateInput{
			now: now, full: k.full(), low: c.low(k),
			mixed: k.config.Mixed, above: k.workAbove(), off: !c.config.Gate, byHand: byHand,
		})
		if (next.state == Paused) != (k.gate.state == Paused) {
			c.effects.Flows = append(c.effects.Flows, FlowChange{k.id, next.state, next.reason})
			if next.state == Paused {
				k.pool.paused++
			} else {
				k.pool.paused--
			}
		}
		k.gate = next
	}
	c.gated.put(k, k.gate.state != Run)
	return again
}
