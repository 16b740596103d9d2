package scheduler

import (
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// GroupPatience is how long a level's group may finish nothing before its work
// stops counting: an instance that hangs with a high message must not stop the
// lower levels of all others.
const GroupPatience = 10 * time.Second

// GroupWork is what all instances together have still to do of a level: what the
// brokers hold behind the group's committed offsets, but for what is noted as
// done, waits for a retry, or is held.
type GroupWork struct {
	// Outstanding is a number of messages.
	Outstanding int64
	// Done grows with every message that the group finishes, and with nothing else.
	Done int64
}

// groupLevel is what a pool knows of a level's group.
type groupLevel struct {
	level boostd.Level
	work  GroupWork
	moved time.Time // when it last finished something, or got its first work
	told  time.Time // when Group last said something of it
}

// holds reports whether lower levels wait for it now.
func (p *pool) holds(g *groupLevel, now time.Time) bool {
	return g.work.Outstanding > 0 && !g.stalled(now) && !p.halted.has(g.level)
}

func (g *groupLevel) stalled(now time.Time) bool { return now.Sub(g.moved) >= GroupPatience }

// Group says what a level's whole group has to do. With Config.Group nothing lower
// starts in the pool while that is something, here or elsewhere; without it Group
// changes nothing. Who asks the brokers calls it every second or so: what isn't
// said anew stops counting like what makes no progress. A level that there isn't
// changes nothing.
func (c *Core) Group(now time.Time, id PoolID, level boostd.Level, work GroupWork) *Effects {
	c.effects.reset()
	p := c.pools[id]
	if level < 0 || int(level) >= p.config.Levels { // it was asked for before it went
		return c.step(now)
	}
	n, known := slices.BinarySearchFunc(p.group, level, func(g groupLevel, l boostd.Level) int { return int(l - g.level) })
	if !known {
		p.group = slices.Insert(p.group, n, groupLevel{level: level, moved: now})
	}
	g := &p.group[n]
	if work.Done != g.work.Done || g.work.Outstanding == 0 {
		g.moved = now
	}
	g.work, g.told = work, now
	c.touchAll()
	return c.step(now)
}

// checkGroup finds the highest level whose group has work, and when that may have
// stopped counting.
func (p *pool) checkGroup(now time.Time) (again time.Time) {
	p.groupFloor = 0
	for n := range p.group { // highest first
		g := &p.group[n]
		if p.holds(g, now) {
			p.groupFloor = g.level
			return g.moved.Add(GroupPatience)
		}
	}
	return time.Time{}
}

// ValidateGroup finds what contradicts Config.Group; each error begins with the
// part's name in boostd.yaml.
func (p Policy) ValidateGroup() (errs []error) {
	if p.MaxWait > 0 {
		errs = append(errs, fmt.Errorf("max_wait: boostd.yaml's gate.scope group lets nothing go before a higher level; leave one of the two out"))
	}
	if len(p.MinShare) > 0 {
		errs = append(errs, fmt.Errorf("min_share: boostd.yaml's gate.scope group lets nothing go before a higher level; leave one of the two out"))
	}
	return errs
}

// GroupStatus is a level's group as a pool sees it.
type GroupStatus struct {
	Level boostd.Level
	GroupWork
	// Stalled: nothing was finished for GroupPatience, so it stops nobody.
	Stalled bool
	// Holds: lower levels wait for it. A level that is paused by hand stops nobody.
	Holds bool
	// Since is when something was last finished, Told when Group last said something.
	Since, Told time.Time
}

// Known reports whether Group has said something of the level lately.
func (s GroupStatus) Known(now time.Time) bool { return now.Sub(s.Told) < GroupPatience }

func (p *pool) groupStatus(now time.Time) (all []GroupStatus) {
	for n := range slices.Backward(p.group) {
		g := &p.group[n]
		all = append(all, GroupStatus{g.level, g.work, g.work.Outstanding > 0 && g.stalled(now), p.holds(g, now), g.moved, g.told})
	}
	return all
}
