package scheduler

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// What a free slot takes, by the naive scheduler.

// stands reports whether something of the level stands in line.
func (n *naive) stands(p *naivePool, at boostd.Level) bool {
	return len(p.lines[at].waits) > 0 && !n.halted[at]
}

func (n *naive) highest(p *naivePool) boostd.Level {
	for at := boostd.Level(len(p.lines) - 1); at >= 0; at-- {
		if n.stands(p, at) {
			return at
		}
	}
	return None
}

// above is the highest level that has work, if that shuts out what is lower: under
// exclusive, and for what the whole group has to do.
func (n *naive) above(pool int) (highest boostd.Level) {
	p := n.pools[pool]
	for at, g := range p.group {
		if g.outstanding > 0 && n.now-g.moved < int64(GroupPatience) && !n.halted[at] {
			highest = boostd.Level(at)
		}
	}
	if !p.config.Policy.Exclusive {
		return highest
	}
	for _, m := range n.all {
		if m.pool == pool && (m.state == inLine || m.state == behind || m.state == out) && !n.halted[m.level] {
			highest = max(highest, m.level)
		}
	}
	for _, k := range n.members {
		if k.pool == pool && k.level != None && k.waiting > 0 && !n.halted[k.level] {
			highest = max(highest, k.level)
		}
	}
	return highest
}

// floor is the level below which nothing may start.
func (n *naive) floor(pool int) boostd.Level {
	p, floor := n.pools[pool], n.above(pool)
	for _, r := range p.config.Policy.Reserve {
		if p.busyBelow(r.From)+r.Slots >= p.config.Slots {
			floor = max(floor, r.From)
		}
	}
	return floor
}

func (p *naivePool) busyBelow(from boostd.Level) (busy int) {
	for slot := range p.batches {
		if b := &p.batches[slot]; b.busy && b.level < from {
			busy++
		}
	}
	return busy
}

// oldest is what has stood in line for MaxWait and was fetched first; of one fetch
// the highest level, and there the lowest offset.
func (n *naive) oldest(pool int, floor boostd.Level) (first *naiveMessage) {
	most := n.pools[pool].config.Policy.MaxWait
	for _, m := range n.all {
		if most > 0 && m.pool == pool && m.state == inLine && m.level >= floor && !n.halted[m.level] &&
			n.now-m.fetched >= int64(most) && (first == nil || older(m, first)) {
			first = m
		}
	}
	return first
}

func older(a, b *naiveMessage) bool {
	switch {
	case a.fetched != b.fetched:
		return a.fetched < b.fetched
	case a.level != b.level:
		return a.level > b.level
	case a.offset != b.offset:
		return a.offset < b.offset
	case a.part != b.part:
		return a.part < b.part
	}
	return a.topic < b.topic
}

func (n *naive) choose(pool int) choice {
	p, floor := n.pools[pool], n.floor(pool)
	highest := n.highest(p)
	if highest < floor {
		return choice{level: None, floor: floor}
	}
	if m := n.oldest(pool, floor); m != nil {
		return choice{level: m.level, floor: floor, grant: overdue}
	}
	if until := n.fills(pool, floor); until > 0 {
		return choice{level: None, floor: floor, until: time.Unix(0, until)}
	}
	owed, most := None, 99 // hundredths of a message
	for k, s := range p.shares {
		if p.credit[k] > most && s.Level >= floor && n.stands(p, s.Level) {
			owed, most = s.Level, p.credit[k]
		}
	}
	if owed != None && owed < highest {
		return choice{level: owed, floor: floor, grant: shared}
	}
	return choice{level: highest, floor: floor}
}

// fills is when the first of the levels that may have a slot needs one, if none does
// yet: something of it has been ready for Wait, or waits for MaxWait, or it has
// enough for a batch.
func (n *naive) fills(pool int, floor boostd.Level) (until int64) {
	p := n.pools[pool]
	batch, most := p.config.Batch, p.config.Policy.MaxWait
	if batch.Wait == 0 {
		return 0
	}
	for at := floor; int(at) < len(p.lines); at++ {
		if !n.stands(p, at) {
			continue
		}
		if n.enough(pool, at) {
			return 0
		}
		for _, m := range p.lines[at].waits {
			due := m.ready + int64(batch.Wait)
			if most > 0 {
				due = min(due, m.fetched+int64(most))
			}
			if due <= n.now {
				return 0
			}
			if until == 0 || due < until {
				until = due
			}
		}
	}
	return until
}

// enough reports whether a level has a whole batch in line, with those that would
// go in it behind one of their key, of which nothing higher is in line.
func (n *naive) enough(pool int, at boostd.Level) bool {
	have := len(n.pools[pool].lines[at].waits)
	for _, m := range n.all {
		if m.pool != pool || m.state != behind || m.level != at {
			continue
		}
		best := None
		for _, o := range n.all {
			if o.key == m.key && o.state == inLine {
				best = max(best, o.level)
			}
		}
		if best == at {
			have++
		}
	}
	return have >= n.pools[pool].config.Batch.Max
}

// wanted is the level that a slot is wanted for.
func (n *naive) wanted(pool int) boostd.Level {
	p := n.pools[pool]
	highest := n.highest(p)
	if p.usable() > 0 && highest >= n.floor(pool) {
		return None
	}
	if above := n.above(pool); above > 0 {
		return max(highest, above)
	}
	return highest
}

// overtakes is whether anything that a slot has is below what slots are wanted for.
func (n *naive) overtakes(pool int) bool {
	wanted := n.wanted(pool)
	return slices.ContainsFunc(n.pools[pool].batches, func(b naiveBatch) bool { return b.busy && b.rank < wanted })
}

// take takes messages for one worker: so many whose turn it is, and behind each
// what waits for the same key, no more than most in all.
func (n *naive) take(items []*naiveMessage, pool int, c choice, share, most int) []*naiveMessage {
	for len(items) < share {
		m := n.pick(pool, c)
		if m == nil {
			break
		}
		if m.key >= 0 && n.taken(m.key) {
			m.state, m.ready = behind, 0
			continue
		}
		if m.key >= 0 {
			m.ready = max(m.ready, n.freed[m.key])
		}
		items = append(items, n.run(m, c.grant))
		for m.key >= 0 && len(items) < most {
			follower := n.firstBehind(m.key, true)
			if follower == nil || follower.level != c.level {
				break
			}
			follower.ready = 0
			items = append(items, n.run(follower, c.grant))
		}
	}
	return items
}

// pick takes one message out of its line.
func (n *naive) pick(pool int, c choice) *naiveMessage {
	l := &n.pools[pool].lines[c.level]
	if c.grant != overdue {
		if len(l.waits) == 0 {
			return nil
		}
		return l.next()
	}
	m := n.oldest(pool, c.floor)
	if m == nil || m.level != c.level {
		return nil
	}
	l.leave(m)
	return m
}

func (n *naive) run(m *naiveMessage, g grant) *naiveMessage {
	m.state, m.ran = out, true
	m.overdue, m.owed = g == overdue, g == shared
	m.attempt++
	m.last = m.attempt >= n.pools[m.pool].config.Retry.Attempts
	return m
}

// compete notes who has something in line; who hasn't saves nothing up.
func (n *naive) compete(p *naivePool) {
	for k, s := range p.shares {
		if p.competes[k] = n.stands(p, s.Level); !p.competes[k] {
			p.credit[k] = min(p.credit[k], 0)
		}
	}
}

// account keeps the credits: who has something in line gets its percentage of each
// message, and each of its own costs a whole one.
func (n *naive) account(p *naivePool, at boostd.Level, messages int) {
	for k, s := range p.shares {
		if p.competes[k] {
			p.credit[k] += s.Percent * messages
		}
		if s.Level == at {
			p.credit[k] = max(p.credit[k]-100*messages, -100*messages)
		}
	}
}
