package scheduler

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// What the naive scheduler makes of what happens, and what it says then.

// naiveSaid is what a call of the core should ask for.
type naiveSaid struct {
	runs     []naiveRun
	recalls  []naiveRecall
	preempts []naiveSlot
	opened   []naiveSlot
	closed   []naiveSlot
	ends     []naiveEnd
	burials  []*naiveMessage
	drained  []naiveAsked
	left     []ConsumerID
	started  bool
	wake     int64 // the core must wake up no later; 0: nothing will be due
}

type naiveSlot struct{ pool, slot int }

type naiveRecall struct {
	naiveSlot
	all bool
}

type naiveRun struct {
	naiveSlot
	level, rank boostd.Level
	items       []*naiveMessage
}

// naiveEnd is a settlement, or the news of a failed attempt.
type naiveEnd struct {
	m        *naiveMessage
	outcome  boostd.Outcome
	attempts int
	again    bool
}

// begin is the first thing in each call.
func (n *naive) begin(now int64) {
	n.now = now
	s := &n.said
	*s = naiveSaid{runs: s.runs[:0], recalls: s.recalls[:0], preempts: s.preempts[:0], opened: s.opened[:0], closed: s.closed[:0], ends: s.ends[:0],
		burials: s.burials[:0], drained: s.drained[:0], left: s.left[:0]}
}

// step is the last.
func (n *naive) step() {
	for level, until := range n.until {
		if n.halted[level] && until > 0 && n.now >= until {
			n.resume(boostd.Level(level))
		} else if n.halted[level] && until > 0 {
			n.wakeAt(until)
		}
	}
	for m := n.due(); m != nil; m = n.due() {
		n.gaveBack(m)
		n.comeBack(m)
	}
	n.start()
	if n.started {
		for pool := range n.pools {
			n.dispatch(pool)
		}
	}
	for _, m := range n.all {
		if m.state == inBackoff {
			n.wakeAt(m.due)
		}
	}
	n.asked = slices.DeleteFunc(n.asked, func(a naiveAsked) bool {
		if slices.ContainsFunc(a.lives, n.holds) {
			return false
		}
		n.said.drained = append(n.said.drained, a)
		return true
	})
	n.all = slices.DeleteFunc(n.all, func(m *naiveMessage) bool { return m.state == gone })
	for id := range n.members {
		k := &n.members[id]
		if k.leaving && !k.gone && !k.left && !slices.ContainsFunc(n.all, func(m *naiveMessage) bool { return m.consumer == ConsumerID(id) }) {
			k.left = true
			n.said.left = append(n.said.left, ConsumerID(id))
		}
	}
}

func (n *naive) wakeAt(at int64) {
	if n.said.wake == 0 || at < n.said.wake {
		n.said.wake = at
	}
}

// due is the retry whose time came first, or nil.
func (n *naive) due() (first *naiveMessage) {
	for _, m := range n.all {
		if m.state == inBackoff && m.due <= n.now && (first == nil || m.due < first.due) {
			first = m
		}
	}
	return first
}

// start waits for all consumers, for a time, unless their level is paused.
func (n *naive) start() {
	if n.started {
		return
	}
	awaited := false
	for _, k := range n.members {
		awaited = awaited || k.missing && !k.leaving && !k.gone && (k.level == None || !n.halted[k.level])
	}
	if awaited && n.wait > 0 {
		if n.began == 0 {
			return
		}
		if n.now < n.began+n.wait {
			n.wakeAt(n.began + n.wait)
			return
		}
	}
	n.started, n.said.started = true, true
}

// holds reports whether something of a closed partition is still to be waited for.
func (n *naive) holds(life *naiveLife) bool {
	return slices.ContainsFunc(n.all, func(m *naiveMessage) bool { return m.life == life && (m.state == out || m.state == burying) })
}

// dispatch fills the free slots.
func (n *naive) dispatch(pool int) {
	p := n.pools[pool]
	n.recallLate(pool)
	for p.usable() > 0 && p.recalling == 0 {
		c := n.choose(pool)
		if !c.until.IsZero() {
			n.wakeAt(c.until.UnixNano())
		}
		if n.recall(pool, c) || c.level == None {
			break
		}
		slot := p.free[len(p.free)-1]
		b := &p.batches[slot]
		share, most := p.mean[c.level].batch(p.config.Slice, len(p.lines[c.level].waits), p.config.Slots)
		if b.whole = p.config.Batch.Max > 1; b.whole {
			share, most = p.config.Batch.Max, p.config.Batch.Max
		}
		n.compete(p)
		n.proof.before(n, pool)
		b.items = n.take(b.items[:0], pool, c, share, most)
		if len(b.items) == 0 {
			continue
		}
		n.account(p, c.level, len(b.items))
		p.free = p.free[:len(p.free)-1]
		b.busy, b.asked, b.level, b.rank, b.at = true, false, c.level, c.level, n.now
		b.open, b.work = len(b.items) > 1 && !b.whole, p.mean[c.level].work(len(b.items))
		if c.grant != noGrant {
			b.rank = Granted
		}
		n.proof.after(n, pool, slot)
		n.said.runs = append(n.said.runs, naiveRun{naiveSlot{pool, slot}, b.level, b.rank, b.items})
	}
	n.preempt(pool)
	if g := p.group[n.above(pool)]; n.above(pool) > 0 && g.outstanding > 0 && g.moved+int64(GroupPatience) > n.now {
		n.wakeAt(g.moved + int64(GroupPatience))
	}
	for slot := range p.batches {
		if b := &p.batches[slot]; b.busy && b.open {
			n.wakeAt(b.at + 2*int64(p.config.Slice))
		}
	}
}

// recallLate asks for what lies behind a message that takes very long.
func (n *naive) recallLate(pool int) {
	p := n.pools[pool]
	for slot := range p.batches {
		if b := &p.batches[slot]; b.busy && b.open && n.now >= b.at+2*int64(p.config.Slice) {
			n.askBack(pool, slot, false)
		}
	}
}

// recall asks for what a worker hasn't started of the highest level that is above
// the choice, and reports whether free slots have to wait: of the batch that ends
// last. A short one is waited for, at most a slice.
func (n *naive) recall(pool int, c choice) (wait bool) {
	p, above := n.pools[pool], None
	for slot := range p.batches {
		if b := &p.batches[slot]; b.busy && b.open {
			above = max(above, b.level)
		}
	}
	if above <= c.level || above < c.floor || c.grant != noGrant {
		return false
	}
	longest, end, again := -1, int64(0), int64(0)
	for slot := range p.batches {
		b := &p.batches[slot]
		if !b.busy || !b.open || b.level != above {
			continue
		}
		late := b.at + int64(p.config.Slice)
		switch {
		case b.work <= MinShare && n.now < late:
			if again == 0 || late < again {
				again = late
			}
		case longest < 0 || b.at+int64(b.work) > end:
			longest, end = slot, b.at+int64(b.work)
		}
	}
	if longest >= 0 {
		n.askBack(pool, longest, false)
	} else if c.level != None {
		n.wakeAt(again)
	}
	return true
}

// askBack asks for the rest of a batch, of which the first message stays unless all
// is set. Until it is back nothing is dispatched.
func (n *naive) askBack(pool, slot int, all bool) {
	p := n.pools[pool]
	p.batches[slot].open = false
	p.recalling++
	n.said.recalls = append(n.said.recalls, naiveRecall{naiveSlot{pool, slot}, all})
}

// preempt asks for a slot for each message of the highest waiting level: of the
// lowest level, and there of the batch that began last, if it has been out for a
// slice.
func (n *naive) preempt(pool int) {
	p := n.pools[pool]
	wanted := n.wanted(pool)
	if !p.config.Preemptible || n.draining || !n.started || wanted == None || !n.stands(p, wanted) || wanted < n.above(pool) {
		return
	}
	floor := n.floor(pool)
	if floor > wanted {
		floor = 0
	}
	if until := n.fills(pool, floor); until > 0 {
		n.wakeAt(until)
		return
	}
	asked, batch := 0, max(p.config.Batch.Max, 1)
	for slot := range p.batches {
		if p.batches[slot].busy && p.batches[slot].asked {
			asked++
		}
	}
	for ; asked*batch < len(p.lines[wanted].waits); asked++ {
		victim := -1
		for slot := range p.batches {
			b := &p.batches[slot]
			if !b.busy || b.asked || b.rank >= wanted || n.now < b.at+int64(p.config.Slice) {
				continue
			}
			if v := max(victim, 0); victim < 0 || b.level < p.batches[v].level || b.level == p.batches[v].level && b.at > p.batches[v].at {
				victim = slot
			}
		}
		if victim < 0 {
			n.wakeForVictim(p, wanted)
			return
		}
		if p.batches[victim].open {
			n.askBack(pool, victim, false)
		}
		p.batches[victim].asked = true
		n.said.preempts = append(n.said.preempts, naiveSlot{pool, victim})
	}
}

func (n *naive) wakeForVictim(p *naivePool, wanted boostd.Level) {
	for slot := range p.batches {
		if b := &p.batches[slot]; b.busy && !b.asked && b.rank < wanted {
			n.wakeAt(b.at + int64(p.config.Slice))
		}
	}
}
