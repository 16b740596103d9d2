package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// Reconfigure changes how many levels there are (max_priority + 1) and what
// priority means in each pool, in the order of their IDs, between two dispatches.
// It fails, and changes nothing, where anything doesn't fit.
//
// With fewer levels, what comes from now on with a level that is no more gets the
// highest that is left, and so do consumers of such a level, for good: a later
// growth gives none its old level back, SetConsumer does. What is here keeps its
// level, above all others, until it is settled.
func (c *Core) Reconfigure(now time.Time, levels int, policies []Policy) (*Effects, error) {
	c.effects.reset()
	if err := c.fits(levels, policies); err != nil {
		return nil, fmt.Errorf("change levels and policies: %w", err)
	}
	for id, p := range c.pools {
		p.setLevels(levels)
		for level := range c.paused { // a pool that had fewer levels than others
			if int(level) < levels {
				p.halted.add(level)
			}
		}
		if policy := policies[id]; !policy.equal(p.config.Policy) {
			p.setPolicy(policy)
		}
	}
	for _, k := range c.consumers {
		c.setLevel(k, min(k.config.Level, boostd.Level(levels-1)))
	}
	c.touchAll()
	return c.step(now), nil
}

// fits finds what is wrong with other levels and policies.
func (c *Core) fits(levels int, policies []Policy) error {
	if levels < 1 || levels > MaxLevels {
		return fmt.Errorf("want 1 to %d levels, got %d", MaxLevels, levels)
	}
	if len(policies) != len(c.pools) {
		return fmt.Errorf("%d policies for %d pools", len(policies), len(c.pools))
	}
	var errs []error
	for id, p := range c.pools {
		config := p.config
		config.Levels = levels
		if err := c.validate(policies[id], config); err != nil {
			errs = append(errs, fmt.Errorf("policy of pool %q: %w", config.Name, err))
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
	for _, s := range []*levelSet{&p.ready, &p.halted, &p.active, &p.batches.behind} {
		s.grow(levels)
	}
	p.warm(had)
}
