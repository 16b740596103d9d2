package scheduler

import "slices"

// SlotID is a slot of a pool. It may be used again by a later one.
type SlotID struct {
	Pool PoolID
	Slot int
}

// A pool's slots are 0 to config.Slots-1, and beyond those, after a change to
// fewer, the ones that still have a batch: surplus counts them. While there are
// some, as many free slots stay empty, so that never more is out than there would
// be without them, unless it was already.

// usable is how many batches may go out now.
func (p *pool) usable() int { return len(p.free) - p.surplus }

// busy is how many slots have a batch.
func (p *pool) busy() int { return p.config.Slots - len(p.free) + p.surplus }

// setSlots makes the pool's slots more or fewer. New ones are free at once; one that
// is no more ends when its batch does, of which what isn't started is taken back.
func (c *Core) setSlots(id PoolID, slots int) {
	p := c.pools[id]
	had := p.config.Slots
	if slots == had {
		return
	}
	p.config.Slots = slots
	p.makeRoom(slots)
	var fresh []int
	for slot := slots - 1; slot >= had; slot-- { // more
		if p.isBusy[slot] {
			p.surplus-- // it was about to end, and stays
			continue
		}
		fresh = append(fresh, slot)
		c.effects.Opened = append(c.effects.Opened, SlotID{id, slot})
	}
	p.free = append(fresh, p.free...)       // those that were there are warm
	for slot := slots; slot < had; slot++ { // fewer
		if !p.isBusy[slot] {
			c.effects.Closed = append(c.effects.Closed, SlotID{id, slot})
			continue
		}
		p.surplus++
		if p.batches.out[slot].open {
			c.takeBack(id, slot, true)
		}
	}
	p.free = slices.DeleteFunc(p.free, func(slot int) bool { return slot >= slots })
	p.trim()
	p.warm(0)
	c.touchAll()
}

// makeRoom lets the arrays have a place for each slot.
func (p *pool) makeRoom(slots int) {
	if more := slots - len(p.isBusy); more > 0 {
		p.isBusy = append(p.isBusy, make([]bool, more)...)
		p.stuck = append(p.stuck, make([]bool, more)...)
		p.batch = append(p.batch, make([][]*Item, more)...)
		p.batches.out = append(p.batches.out, make([]batch, more)...)
		p.preempt.asked = append(p.preempt.asked, make([]bool, more)...)
	}
}

// trim lets go of the places behind the last slot.
func (p *pool) trim() {
	n := len(p.isBusy)
	for n > p.config.Slots && !p.isBusy[n-1] {
		n--
		p.batch[n] = nil
	}
	p.isBusy, p.stuck, p.batch = p.isBusy[:n], p.stuck[:n], p.batch[:n]
	p.batches.out, p.preempt.asked = p.batches.out[:n], p.preempt.asked[:n]
}

// freed takes a slot back that has no batch any more; one that there isn't any more
// ends with that.
func (c *Core) freed(id PoolID, slot int) {
	p := c.pools[id]
	p.isBusy[slot] = false
	p.stuck[slot] = false
	p.preempt.over(slot)
	if slot < p.config.Slots {
		p.free = append(p.free, slot)
		return
	}
	p.surplus--
	c.effects.Closed = append(c.effects.Closed, SlotID{id, slot})
	p.trim()
}
