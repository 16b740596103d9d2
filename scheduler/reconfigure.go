package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// PoolChange is what can change of a pool while it runs; the fields mean what those
// of PoolConfig do.
type PoolChange struct {
	Slots       int
	Retry       Retry
	Policy      Policy
	Preemptible bool
	Batch       Batch
}

// Reconfigure changes how many levels there are (max_priority + 1) and what is said
// of each pool, in the order of their IDs, between two dispatches. It fails, and
// changes nothing, where anything doesn't fit.
//
// With fewer slots, those that are busy finish what they have started; until there
// are no more than asked for, nothing starts. Retry counts from the next failed
// attempt on, but an attempt that runs is the last, or isn't, as it was when it went
// out.
//
// With fewer levels, what comes from now on with a level that is no more gets the
// highest that is left, and so do consumers of such a level, for good: a later
// growth gives none its old level back, SetConsumer does. What is here keeps its
// level, above all others, until it is settled.
func (c *Core) Reconfigure(now time.Time, levels int, pools []PoolChange) (*Effects, error) {
	c.effects.reset()
	if err := c.fits(levels, pools); err != nil {
		return nil, fmt.Errorf("change levels and pools: %w", err)
	}
	for id, p := range c.pools {
		p.setLevels(levels)
		for level := range c.paused { // a pool that had fewer levels than others
			if int(level) < levels {
				p.halted.add(level)
			}
		}
		change := pools[id]
		p.config.Retry, p.config.Preemptible = change.Retry, change.Preemptible
		c.setSlots(PoolID(id), change.Slots)
		if !change.Policy.equal(p.config.Policy) {
			p.setPolicy(change.Policy)
		}
		if change.Batch != p.config.Batch {
			p.setBatch(change.Batch)
		}
	}
	for _, k := range c.consumers {
		c.setLevel(k, min(k.config.Level, boostd.Level(levels-1)))
	}
	c.touchAll()
	return c.step(now), nil
}

// fits finds what is wrong with other levels and pools.
func (c *Core) fits(levels int, pools []PoolChange) error {
	if levels < 1 || levels > MaxLevels {
		return fmt.Errorf("want 1 to %d levels, got %d", MaxLevels, levels)
	}
	if len(pools) != len(c.pools) {
		return fmt.Errorf("%d changes for %d pools", len(pools), len(c.pools))
	}
	var errs []error
	for id, p := range c.pools {
		config, change := p.config, pools[id]
		config.Levels, config.Slots, config.Retry, config.Policy = levels, change.Slots, change.Retry, change.Policy
		config.Batch = change.Batch
		if err := c.validate(config); err != nil {
			errs = append(errs, fmt.Errorf("pool %q: %w", config.Name, err))
		}
	}
	return errors.Join(errs...)
}

// setLevels changes the number of levels. The arrays never shrink: levels that are
// no more may have something left, and may come again.
func (p *pool) setLevels(levels int) {
	p.config.Levels = levels
	p.group = slices.DeleteFunc(p.group, func(g groupLevel) bool { return int(g.level) >= levels })
	had := len(p.levels)
	if levels <= had {
		return
	}
	more := levels - had
	p.levels = append(p.levels, make([]level, more)...)
	p.workAbove = append(p.workAbove, make([]time.Duration, more)...)
	p.batches.count = append(p.batches.count, make([]int, more)...)
	for _, s := range []*levelSet{&p.ready, &p.halted, &p.active, &p.full, &p.batches.behind} {
		s.grow(levels)
	}
	p.warm(had)
}
