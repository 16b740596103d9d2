package scheduler

import (
	"fmt"
	"slices"

	"github.com/kafkaboost/boostd"
)

// naiveProof holds each choice of the naive scheduler, and so of the core, against
// the invariants themselves, in which no line and no turn occurs: they are said of
// what is ready, which is what waits while nothing of its key runs, waits for a
// retry, or goes before it.
type naiveProof struct {
	wrong   string // the first thing that was
	taken   [smallKeys]bool
	best    [smallKeys]*naiveMessage
	ready   [smallLevels]bool // of the pool, before the choice
	highest boostd.Level
	overdue *naiveMessage // the oldest of those that have waited for MaxWait
	floor   boostd.Level
	count   [smallLevels]int // what the next batch could have, of the levels that may have a slot
	longest int64            // since one of them has been ready
	windows [smallPools][]naiveWindow
}

// naiveWindow is a time in which a level with a share always had something ready.
type naiveWindow struct {
	// lag is its part of what was dispatched less what it got, in hundredths of a
	// message; low is the least that it was. batch is the largest of this window and
	// of those before.
	lag, low, batch int
}

func (f *naiveProof) say(format string, args ...any) {
	if f.wrong == "" {
		f.wrong = fmt.Sprintf(format, args...)
	}
}

func (f *naiveProof) reset(pool int) { clear(f.windows[pool]) }

// look finds what is ready in a pool.
func (f *naiveProof) look(n *naive, pool int) {
	f.taken, f.best = [smallKeys]bool{}, [smallKeys]*naiveMessage{}
	f.ready, f.highest, f.overdue, f.floor = [smallLevels]bool{}, None, nil, n.floor(pool)
	f.count, f.longest = [smallLevels]int{}, 0
	for _, m := range n.all {
		if m.key < 0 {
			continue
		}
		if m.state == out || m.state == inBackoff {
			f.taken[m.key] = true
		} else if b := f.best[m.key]; f.waits(n, m) && (b == nil || m.level > b.level || m.level == b.level && m.offset < b.offset) {
			f.best[m.key] = m
		}
	}
	most := n.pools[pool].config.Policy.MaxWait
	for _, m := range n.all {
		if m.pool != pool || !f.waits(n, m) || m.key >= 0 && (f.taken[m.key] || f.best[m.key].level > m.level) {
			continue
		}
		if m.level >= f.floor {
			f.count[m.level]++
		}
		if m.key >= 0 && f.best[m.key] != m {
			continue // it goes with that one
		}
		f.ready[m.level] = true
		if m.level >= f.floor {
			f.longest = max(f.longest, n.now-m.ready)
		}
		f.highest = max(f.highest, m.level)
		if most > 0 && n.now-m.fetched >= int64(most) && m.level >= f.floor && (f.overdue == nil || m.fetched < f.overdue.fetched) {
			f.overdue = m
		}
	}
}

func (f *naiveProof) waits(n *naive, m *naiveMessage) bool {
	return (m.state == inLine || m.state == behind) && !n.halted[m.level]
}

func (f *naiveProof) before(n *naive, pool int) { f.look(n, pool) }

// after looks at the batch that a slot was given.
func (f *naiveProof) after(n *naive, pool, slot int) {
	p := n.pools[pool]
	b := &p.batches[slot]
	first := b.items[0]
	switch {
	case b.level < f.floor:
		f.say("level %d was dispatched; nothing below %d may start", b.level, f.floor)
	case f.overdue != nil && (b.rank != Granted || first.fetched > f.overdue.fetched):
		f.say("message %d was dispatched, and %d is overdue and was fetched before it", first.id, f.overdue.id)
	case b.rank != Granted && b.level < f.highest:
		f.say("level %d was dispatched while level %d is ready", b.level, f.highest)
	case n.above(pool) > b.level:
		f.say("level %d was dispatched while level %d has work, which it has to wait for", b.level, n.above(pool))
	}
	if p.config.Batch.Max > 1 && len(b.items) > p.config.Batch.Max {
		f.say("%d messages in a batch, %d at most", len(b.items), p.config.Batch.Max)
	}
	for _, r := range p.config.Policy.Reserve {
		if b.level < r.From && p.busyBelow(r.From) > p.config.Slots-r.Slots {
			f.say("%d slots of %d are busy below level %d, which has %d of its own", p.busyBelow(r.From), p.config.Slots, r.From, r.Slots)
		}
	}
	for slot := range p.batches {
		if o := &p.batches[slot]; o.busy && o.open && o != b && o.level > b.level && b.rank != Granted {
			f.say("level %d was dispatched before what slot %d may not have started of level %d was recalled", b.level, slot, o.level)
		}
	}
	f.order(n, b.items)
	f.shares(p, pool, b)
}

// order: of a key nothing else is out or waits for a retry, and nothing of the
// same level and partition that comes before it stays behind.
func (f *naiveProof) order(n *naive, items []*naiveMessage) {
	for at, m := range items {
		if n.halted[m.level] || m.life.closed {
			f.say("message %d was dispatched, its level paused %v, its partition closed %v", m.id, n.halted[m.level], m.life.closed)
		}
		if m.key < 0 {
			continue
		}
		if f.taken[m.key] {
			f.say("message %d was dispatched while its key is taken", m.id)
		}
		for _, o := range items[:at] {
			if o.key == m.key && o.offset > m.offset {
				f.say("message %d stands before %d in its batch", o.id, m.id)
			}
		}
		for _, o := range n.all {
			if o.key == m.key && o.level == m.level && (o.state == inLine || o.state == behind) && o.offset < m.offset {
				f.say("message %d was dispatched before %d of its key", m.id, o.id)
			}
		}
	}
}

// shares: over any window in which a level always has something ready, may have a
// slot, and nothing overdue goes first, it gets its part, but for one batch of each
// share, one message, and its part of as many batches.
func (f *naiveProof) shares(p *naivePool, pool int, b *naiveBatch) {
	if len(f.windows[pool]) != len(p.shares) {
		f.windows[pool] = make([]naiveWindow, len(p.shares))
	}
	for k, s := range p.shares {
		w := &f.windows[pool][k]
		w.batch = max(w.batch, len(b.items))
		if !f.ready[s.Level] || s.Level < f.floor || b.items[0].overdue {
			w.lag, w.low = 0, 0
			continue
		}
		w.lag += s.Percent * len(b.items)
		if s.Level == b.level {
			w.lag -= 100 * len(b.items)
		}
		w.low = min(w.low, w.lag)
		if slack := (100+s.Percent)*len(p.shares)*w.batch + 100; w.lag-w.low > slack {
			f.say("level %d has %d percent, and %d hundredths of a message less than that; %d at most", s.Level, s.Percent, w.lag-w.low, slack)
		}
	}
}

// handedBack ends the windows of a pool: what was got doesn't count.
func (f *naiveProof) handedBack(m *naiveMessage) {
	for k := range f.windows[m.pool] {
		w := &f.windows[m.pool][k]
		w.lag, w.low = 0, 0
	}
}

// fills reports whether a pool may leave slots empty: nothing that may have one is
// overdue, or has been ready for Batch.Wait, and no level has Batch.Max for a batch.
func (f *naiveProof) fills(n *naive, pool int) bool {
	b := n.pools[pool].config.Batch
	return f.overdue == nil && f.longest < int64(b.Wait) && slices.Max(f.count[:]) < b.Max
}

// rest looks at the pools after a step: no slot is free for what is ready, unless
// it waits for a short batch of a higher level.
func (f *naiveProof) rest(n *naive) {
	if !n.started || n.draining {
		return
	}
	for pool, p := range n.pools {
		if p.usable() <= 0 {
			continue
		}
		awaits := false
		for slot := range p.batches {
			b := &p.batches[slot]
			awaits = awaits || b.busy && b.open && n.now-b.at < int64(p.config.Slice)
		}
		if f.look(n, pool); f.highest >= f.floor && !awaits && !f.fills(n, pool) {
			f.say("a slot of pool %d is free, and a message of level %d is ready", pool, f.highest)
		}
	}
}
