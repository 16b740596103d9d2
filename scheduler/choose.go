package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// grant is why a message goes before higher levels.
type grant uint8

const (
	noGrant grant = iota
	overdue       // it has waited for MaxWait
	shared        // its level is owed a part
)

// choice is what a free slot takes next.
type choice struct {
	level, floor boostd.Level
	grant        grant
	// until is when a slot that stays free for batches to fill needn't any more.
	until time.Time
}

// choose finds what a free slot takes: reserved slots are left to their levels,
// then what is overdue goes first, then what is owed, then the highest level. Its
// level is None where a slot has to stay free, for higher levels or because what
// there is waits for batches to fill: that is asked of all that may have the slot,
// before anything is chosen, so that nothing lower goes while a higher batch fills.
func (p *pool) choose(now time.Time) choice {
	highest := p.ready.highest()
	floor := p.floor()
	if highest < floor {
		return choice{level: None, floor: floor}
	}
	if i := p.overdue(now, floor); i != nil {
		return choice{level: i.Message.Level, floor: floor, grant: overdue}
	}
	if until := p.fills(now, floor); !until.IsZero() {
		return choice{level: None, floor: floor, until: until}
	}
	if at := p.shares.owed(&p.ready, floor); at != None && at < highest {
		return choice{level: at, floor: floor, grant: shared}
	}
	return choice{level: highest, floor: floor}
}

// rank is what a worker compares with the level that its slot is wanted for.
func (c choice) rank() boostd.Level {
	if c.grant != noGrant {
		return Granted
	}
	return c.level
}

// floor is the level below which nothing may start now: because all slots but
// the reserved ones are busy with such levels, or because a higher one has work
// and they wait for that.
func (p *pool) floor() boostd.Level {
	floor := p.above()
	for n, r := range p.config.Policy.Reserve {
		if p.below[n] >= p.config.Slots-r.Slots {
			floor = max(floor, r.From)
		}
	}
	return floor
}

// above is the highest level that has work, where that shuts out what is lower;
// otherwise 0.
func (p *pool) above() boostd.Level {
	if !p.config.Policy.Exclusive {
		return p.groupFloor
	}
	return max(p.active.highest(), p.groupFloor)
}

// occupy counts a slot in or out of those that work below a reserve's level.
func (p *pool) occupy(at boostd.Level, by int) {
	for n, r := range p.config.Policy.Reserve {
		if at < r.From {
			p.below[n] += by
		}
	}
}

// note keeps the levels that have work, for the exclusive policy: waiting in the
// brokers, queued, or in flight, but for what waits for a retry and for levels
// that are paused by hand.
func (p *pool) note(at boostd.Level) {
	if p.config.Policy.Exclusive {
		l := &p.levels[at]
		p.active.put(at, l.queued-l.backoff+l.inFlight+l.broker > 0 && !p.halted.has(at))
	}
}

// setPolicy puts a policy that was validated in force.
func (p *pool) setPolicy(policy Policy) {
	p.config.Policy = policy
	p.shares = newShares(policy.MinShare)
	p.below = make([]int, len(policy.Reserve))
	for slot := range p.batches.out {
		if p.isBusy[slot] {
			p.occupy(p.batches.out[slot].level, 1)
		}
	}
	p.active = newLevelSet(len(p.levels))
	p.age = make([]ages, len(policy.Reserve)+1)
	for at := range p.levels {
		p.note(boostd.Level(at))
		p.levels[at].ready.each(func(i *Item) { i.aged, i.older, i.newer = 0, nil, nil })
		if !p.halted.has(boostd.Level(at)) {
			p.levels[at].ready.each(p.ageing)
		}
	}
}

// granted counts an attempt that went before higher levels.
func (c *Counts) granted(g grant) {
	switch g {
	case overdue:
		c.Overdue++
	case shared:
		c.Shared++
	}
}
