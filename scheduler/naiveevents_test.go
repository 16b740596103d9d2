package scheduler

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// What can happen to the naive scheduler; each is a method of Core.

func (n *naive) fetched(m *naiveMessage) {
	n.all = append(n.all, m)
	m.level = min(m.level, boostd.Level(n.levels-1))
	switch {
	case m.life == nil || m.life.closed:
		n.end(m, boostd.Released)
	case m.held || m.attempt >= n.pools[m.pool].config.Retry.Attempts:
		n.giveUp(m)
	default:
		n.arrive(m)
	}
}

// end settles a message.
func (n *naive) end(m *naiveMessage, o boostd.Outcome) {
	m.state = gone
	if n.members[m.consumer].gone {
		return // nobody is told
	}
	n.said.ends = append(n.said.ends, naiveEnd{m, o, m.attempt, m.failed})
}

// giveUp ends a message that isn't tried any more.
func (n *naive) giveUp(m *naiveMessage) {
	if m.held || !n.pools[m.pool].config.DeadLetters {
		n.end(m, boostd.Held)
		return
	}
	m.state = burying
	n.said.burials = append(n.said.burials, m)
}

// naiveResult is what a worker says of a message: nothing, where it wasn't started
// or gave its slot back.
type naiveResult struct {
	m           *naiveMessage
	outcome     boostd.Outcome
	took, after time.Duration
	interrupted bool
	preempted   bool
}

func (n *naive) finished(pool, slot int, results []naiveResult) {
	p := n.pools[pool]
	b := &p.batches[slot]
	most, ran := time.Duration(0), 0
	for _, r := range results {
		if r.took > 0 {
			most, ran = max(most, r.took), ran+1
		}
	}
	for _, r := range results {
		if r.outcome != 0 {
			if b.whole { // all have ended now
				r.took = most / time.Duration(ran)
			}
			n.ended(p, r)
		}
	}
	n.handedBack(results)
	b.busy, b.open, b.asked = false, false, false
	if slot < p.config.Slots {
		p.free = append(p.free, slot)
	} else {
		n.said.closed = append(n.said.closed, naiveSlot{pool, slot})
	}
}

func (n *naive) ended(p *naivePool, r naiveResult) {
	m := r.m
	p.mean[m.level].add(r.took)
	n.gaveBack(m)
	again := r.outcome == boostd.Retry && !m.last
	if r.outcome != boostd.Done && !r.interrupted && !n.members[m.consumer].gone {
		n.said.ends = append(n.said.ends, naiveEnd{m, boostd.Retry, m.attempt, m.failed})
		m.failed = true
	}
	switch {
	case r.outcome == boostd.Done, n.members[m.consumer].gone:
		n.end(m, boostd.Done)
	case r.interrupted, again && m.life.closed:
		n.end(m, boostd.Released)
	case again:
		m.state, m.due = inBackoff, n.now+int64(r.after)
		m.ready = m.due
	default:
		n.giveUp(m)
	}
	n.promote(m.key)
}

// recalled takes back what a worker hadn't started.
func (n *naive) recalled(pool int, results []naiveResult) {
	n.pools[pool].recalling--
	n.handedBack(results)
}

// handedBack gives messages that weren't started their places back, the last one
// first, so that each stands before its successors.
func (n *naive) handedBack(results []naiveResult) {
	for _, r := range slices.Backward(results) {
		if r.outcome != 0 {
			continue
		}
		m, p := r.m, n.pools[r.m.pool]
		for k, s := range p.shares {
			if s.Level == m.level {
				p.credit[k] = min(p.credit[k]+100, 100)
			}
		}
		n.proof.handedBack(m)
		n.gaveBack(m)
		m.attempt--
		if m.life.closed {
			n.end(m, boostd.Released)
			n.promote(m.key)
		} else {
			if r.took > 0 {
				m.ready = n.now // it was tried until now
			}
			n.comeBack(m)
		}
	}
}

// gaveBack: a higher message of the key that stood in line has been ready only since
// then.
func (n *naive) gaveBack(m *naiveMessage) {
	if m.key >= 0 && (m.overdue || m.owed) {
		n.freed[m.key] = n.now
	}
}

// buried is the answer to a burial.
func (n *naive) buried(m *naiveMessage, refused bool) {
	if refused {
		n.end(m, boostd.Held)
	} else {
		n.end(m, boostd.Dead)
	}
}

// release settles what isn't out of closed partitions.
func (n *naive) release() {
	for _, m := range n.all {
		if m.life == nil || !m.life.closed {
			continue
		}
		if m.state == inLine {
			n.line(m).leave(m)
		}
		if m.state == inLine || m.state == behind || m.state == inBackoff {
			n.end(m, boostd.Released)
		}
	}
	n.promoteAll()
}

// promoteAll looks at all keys, in the order of their locks' numbers.
func (n *naive) promoteAll() {
	for key := range smallKeys {
		n.promote(key)
	}
}

// pause takes a level out of the choice. What has a key waits for it again, so
// that other levels of the key can go past.
func (n *naive) pause(level boostd.Level, until int64) {
	n.halted[level], n.until[level] = true, until
	for pool, p := range n.pools {
		l := &p.lines[level]
		var keys []int
		for _, topic := range l.topics {
			for _, f := range l.flows {
				for _, m := range l.waits {
					if f.topic == topic && m.turn() == f && m.key >= 0 {
						keys = append(keys, m.key)
					}
				}
			}
		}
		for _, m := range slices.Clone(l.waits) {
			if m.key >= 0 {
				l.leave(m)
				m.state, m.ready = behind, 0
			}
		}
		for _, key := range keys {
			n.promote(key)
		}
		for slot := range p.batches {
			if b := &p.batches[slot]; b.busy && b.open && b.level == level {
				n.askBack(pool, slot, true)
			}
		}
	}
}

func (n *naive) resume(level boostd.Level) {
	if n.halted[level] {
		n.halted[level] = false
		for _, m := range n.all {
			if m.state == inLine && m.level == level {
				m.ready = n.now
			}
		}
		n.promoteAll()
	}
}

func (n *naive) setPolicy(pool int, policy Policy) {
	p := n.pools[pool]
	p.config.Policy = policy
	p.shares = slices.SortedFunc(slices.Values(policy.MinShare), func(a, b Share) int { return int(b.Level - a.Level) })
	p.credit, p.competes = make([]int, len(p.shares)), make([]bool, len(p.shares))
	n.proof.reset(pool)
}

// groupHas says what all instances together have to do of a level.
func (n *naive) groupHas(pool int, level boostd.Level, work GroupWork) {
	g := &n.pools[pool].group[level]
	if !g.known || g.done != work.Done || g.outstanding == 0 {
		g.moved = n.now
	}
	g.known, g.outstanding, g.done = true, work.Outstanding, work.Done
}
