package scheduler

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// What changes a naive scheduler while it runs: its levels and its consumers.

// reconfigure changes the number of levels, and pools; their policies are nil where
// they stay.
func (n *naive) reconfigure(levels int, pools []PoolChange, policies []*Policy) {
	n.levels = levels
	for pool, p := range n.pools {
		p.config.Levels = levels
		for at := levels; at < len(p.group); at++ {
			p.group[at] = naiveGroup{}
		}
		p.config.Retry, p.config.Preemptible = pools[pool].Retry, pools[pool].Preemptible
		p.config.Batch = pools[pool].Batch
		n.setSlots(pool, pools[pool].Slots)
		if policies[pool] != nil {
			n.setPolicy(pool, *policies[pool])
		}
	}
	for id := range n.members {
		if k := &n.members[id]; !k.gone && k.level >= boostd.Level(levels) {
			n.setLevel(ConsumerID(id), boostd.Level(levels-1))
		}
	}
}

// setSlots changes the number of slots: new ones are free at once, and those that
// are no more end with their batches.
func (n *naive) setSlots(pool, slots int) {
	p := n.pools[pool]
	had := p.config.Slots
	if slots == had {
		return
	}
	p.config.Slots = slots
	for len(p.batches) < slots {
		p.batches = append(p.batches, naiveBatch{})
	}
	for slot := slots - 1; slot >= had; slot-- {
		if !p.batches[slot].busy {
			n.said.opened = append(n.said.opened, naiveSlot{pool, slot})
		}
	}
	for slot := had; slot < slots; slot++ {
		if !p.batches[slot].busy {
			p.free = slices.Insert(p.free, 0, slot) // used last
		}
	}
	for slot := slots; slot < had; slot++ {
		switch b := &p.batches[slot]; {
		case !b.busy:
			p.free = slices.DeleteFunc(p.free, func(o int) bool { return o == slot })
			n.said.closed = append(n.said.closed, naiveSlot{pool, slot})
		case b.open:
			n.askBack(pool, slot, true)
		}
	}
	for at := range p.mean {
		if e := &p.mean[at]; e.count == 0 || e.count < e.warm {
			e.warm = max(2*slots, 16)
		}
	}
}

// usable is how many batches may go out: while some slots are about to end, as many
// others stay empty.
func (p *naivePool) usable() int {
	usable := len(p.free)
	for slot := range p.batches {
		if slot >= p.config.Slots && p.batches[slot].busy {
			usable--
		}
	}
	return usable
}

func (n *naive) setLevel(id ConsumerID, level boostd.Level) {
	k := &n.members[id]
	if old := k.level; old != level {
		k.level = level
		n.forgetGroup(k.pool, old)
	}
}

// forgetGroup: nobody has the level any more.
func (n *naive) forgetGroup(pool int, level boostd.Level) {
	if level != None && !slices.ContainsFunc(n.members, func(k naiveMember) bool { return k.pool == pool && k.level == level && !k.gone }) {
		n.pools[pool].group[level] = naiveGroup{}
	}
}

func (n *naive) leave(id ConsumerID) {
	k := &n.members[id]
	k.leaving, k.waiting = true, 0
	n.release()
}

// remove ends a consumer: what isn't out of its messages is forgotten.
func (n *naive) remove(id ConsumerID) {
	k := &n.members[id]
	k.gone, k.waiting = true, 0
	n.asked = slices.DeleteFunc(n.asked, func(a naiveAsked) bool { return a.consumer == id })
	n.forgetGroup(k.pool, k.level)
	n.release()
}
