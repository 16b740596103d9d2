package scheduler

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// What changes a naive scheduler while it runs: its levels and its consumers.

// reconfigure changes the number of levels, and policies: nil for one that stays.
func (n *naive) reconfigure(levels int, policies []*Policy) {
	n.levels = levels
	for pool, p := range n.pools {
		p.config.Levels = levels
		for at := levels; at < len(p.group); at++ {
			p.group[at] = naiveGroup{}
		}
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
