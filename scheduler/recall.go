package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// Recall asks for what the worker of a slot has not started yet. The receiver
// takes it away from the worker and gives it back with Recalled, before anything
// else.
//
// The first item stays, started or not, unless All is set: its worker is about to
// start it. Without that, messages of one key went from free slot to free slot,
// each time recalled before a worker had looked at them, for as long as something
// lower was ready. Of a batch that its handler may take as a whole nothing is taken
// back, by the same token.
type Recall struct {
	Pool PoolID
	Slot int
	All  bool
}

// batches are what the slots of a pool are busy with. A batch of more than one
// item may have some that its worker hasn't started: they are not ready any
// more, and yet a free slot must not go on with a lower level before them, or
// idle. So they are recalled, once; what is left of a recalled batch has begun, or
// is about to.
type batches struct {
	out []batch // by slot
	// behind are the levels that have batches to be recalled, with their number.
	behind levelSet
	count  []int // by level
	// late is when the first of them may have been out for too long.
	late time.Time
}

type batch struct {
	level boostd.Level
	at    time.Time
	// work is how long the whole is expected to take.
	work time.Duration
	// open: it has more than one item, isn't whole, and wasn't recalled.
	open bool
	// whole: its handler may have taken all of it at once.
	whole bool
	rank  boostd.Level
}

func newBatches(slots, levels int) batches {
	return batches{out: make([]batch, slots), count: make([]int, levels), behind: newLevelSet(levels)}
}

// dispatched notes a slot's new batch.
func (bs *batches) dispatched(slot int, b batch, patience time.Duration) {
	bs.out[slot] = b
	if b.open {
		if bs.late.IsZero() {
			bs.late = b.at.Add(patience)
		}
		bs.count[b.level]++
		bs.behind.add(b.level)
	}
}

// close notes that nothing of the slot's batch can be recalled any more.
func (bs *batches) close(slot int) {
	b := &bs.out[slot]
	if !b.open {
		return
	}
	b.open = false
	bs.count[b.level]--
	if bs.count[b.level] == 0 {
		bs.behind.remove(b.level)
	}
}

// longest is the slot whose batch of that level is expected to end last, among
// those that are worth a recall: the others take less than the hand-over costs,
// unless they have been out for longer than a slice. again is when the first of
// these will be, if there is no other.
func (bs *batches) longest(level boostd.Level, slice time.Duration, now time.Time) (slot int, again time.Time) {
	slot = -1
	var end time.Time
	for n := range bs.out {
		b := &bs.out[n]
		if !b.open || b.level != level {
			continue
		}
		late := b.at.Add(slice)
		if b.work <= MinShare && now.Before(late) {
			again = sooner(again, late)
		} else if e := b.at.Add(b.work); slot < 0 || e.After(end) {
			slot, end = n, e
		}
	}
	return slot, again
}

// recall asks for the rest of a batch above what a free slot would take next, if
// there is one, and reports whether free slots must wait. What has a grant waits
// for nobody.
func (c *Core) recall(now time.Time, id PoolID, next choice) (wait bool) {
	p, at := c.pools[id], next.level
	above := p.batches.behind.highest()
	if above <= at || above < next.floor || next.grant != noGrant {
		return false
	}
	slot, again := p.batches.longest(above, p.config.Slice, now)
	if slot < 0 {
		if at != None {
			c.effects.Wake = sooner(c.effects.Wake, again)
		}
		return true
	}
	c.takeBack(id, slot, false)
	return true
}

// takeBack asks for the rest of a batch. Until it is here nothing is dispatched.
func (c *Core) takeBack(id PoolID, slot int, all bool) {
	p := c.pools[id]
	p.batches.close(slot)
	p.recalling++
	c.effects.Recalls = append(c.effects.Recalls, Recall{id, slot, all})
}

// recallLate asks for what lies behind a message that takes much longer than those
// before it: others can run it meanwhile. One in a thousand that takes seconds
// would otherwise keep 255 waiting.
func (c *Core) recallLate(now time.Time, id PoolID) {
	p := c.pools[id]
	bs := &p.batches
	if !bs.late.IsZero() && !now.Before(bs.late) {
		bs.late = time.Time{}
		for slot := range bs.out {
			b := &bs.out[slot]
			if !b.open {
				continue
			}
			if late := b.at.Add(p.patience()); now.Before(late) {
				bs.late = sooner(bs.late, late)
				continue
			}
			c.takeBack(id, slot, false)
		}
	}
}

// patience is how long a batch may be out before its rest is taken back: as long
// as its worker goes on starting messages.
func (p *pool) patience() time.Duration { return 2 * p.config.Slice }

// recallLevel asks for all that workers have not started of a level.
func (c *Core) recallLevel(id PoolID, level boostd.Level) {
	bs := &c.pools[id].batches
	for slot := range bs.out {
		if bs.out[slot].open && bs.out[slot].level == level {
			c.takeBack(id, slot, true)
		}
	}
}

// Recalled gives back what a worker had not started of its batch, in order. The
// worker's Finished follows with the rest.
func (c *Core) Recalled(now time.Time, id PoolID, items []*Item) *Effects {
	c.effects.reset()
	c.pools[id].recalling--
	c.unstarted(now, c.pools[id], items)
	return c.step(now)
}
