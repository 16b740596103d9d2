package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// preemptions are the slots of a pool that were asked to end their batches.
type preemptions struct {
	asked []bool // by slot
	count int
}

func newPreemptions(slots int) preemptions { return preemptions{asked: make([]bool, slots)} }

func (ps *preemptions) ask(slot int) {
	ps.asked[slot] = true
	ps.count++
}

// over notes that the slot's batch has ended.
func (ps *preemptions) over(slot int) {
	if ps.asked[slot] {
		ps.asked[slot] = false
		ps.count--
	}
}

// preempt asks for as many slots as the highest waiting level has messages ready,
// or whole batches of them, and may have in all: of the lowest level first, and there of the batch that
// began last, because it loses least. A batch that may be over within a slice by
// itself is left alone until then, and so is one that has a grant.
func (c *Core) preempt(now time.Time, id PoolID) {
	p := c.pools[id]
	if !p.config.Preemptible || !c.started || c.draining {
		return
	}
	wanted := c.Waiting(id)
	if wanted == None || !p.ready.has(wanted) || wanted < p.above() {
		return
	}
	floor := p.floor()
	if floor > wanted { // for others' slots; the one that is given back is not among them
		floor = 0
	}
	if until := p.fills(now, floor); !until.IsZero() { // the slot would stay empty
		c.effects.Wake = sooner(c.effects.Wake, until)
		return
	}
	for p.preempt.count < p.config.Batch.fill(p.levels[wanted].ready.len) {
		slot, again := p.victim(wanted, now)
		if slot < 0 {
			c.effects.Wake = sooner(c.effects.Wake, again)
			return
		}
		if p.batches.out[slot].open { // what it hasn't started needn't wait for the attempt's end
			c.takeBack(id, slot, false)
		}
		p.preempt.ask(slot)
		c.effects.Preempts = append(c.effects.Preempts, Preempt{id, slot})
	}
}

// victim is the slot that is asked next, or -1; again is when there may be one.
func (p *pool) victim(wanted boostd.Level, now time.Time) (slot int, again time.Time) {
	slot = -1
	for n := range p.batches.out {
		b := &p.batches.out[n]
		if !p.isBusy[n] || p.preempt.asked[n] || b.rank >= wanted {
			continue
		}
		if due := b.at.Add(p.config.Slice); now.Before(due) {
			again = sooner(again, due)
			continue
		}
		if slot < 0 || b.level < p.batches.out[slot].level || b.level == p.batches.out[slot].level && b.at.After(p.batches.out[slot].at) {
			slot = n
		}
	}
	return slot, again
}
