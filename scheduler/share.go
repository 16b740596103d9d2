package scheduler

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// shares keeps account of MinShare: while a level has something ready, each
// message that is dispatched in its pool is a credit of its percentage, and each
// of its own costs 100. With a credit of a whole message it goes next.
//
// So over any time in which a level always has something ready it gets its part,
// but for one batch of each level that has a share, a message, and its part of as
// many batches: its credit is never less than minus its last batch, nor more than
// what one message costs and what the others' batches have brought. Work is conserved: a level that has nothing ready is owed
// nothing and saves nothing up. (Deficit round robin: Shreedhar and Varghese,
// SIGCOMM 1995; there a flow's quantum is a number of bytes each round, here it is
// a percentage of what all others do.)
type shares []account

type account struct {
	Share
	credit   int // hundredths of a message
	competes bool
}

func newShares(all []Share) shares {
	s := make(shares, 0, len(all))
	for _, one := range all {
		s = append(s, account{Share: one})
	}
	slices.SortFunc(s, func(a, b account) int { return int(b.Level - a.Level) })
	return s
}

// owed is the level with the largest credit of at least one message, the higher
// one of two that are equal; None where there is none.
func (s shares) owed(ready *levelSet, floor boostd.Level) boostd.Level {
	at, most := None, 99
	for n := range s {
		if a := &s[n]; a.credit > most && a.Level >= floor && ready.has(a.Level) {
			at, most = a.Level, a.credit
		}
	}
	return at
}

// compete notes who has something ready before messages are taken.
func (s shares) compete(ready *levelSet) {
	for n := range s {
		a := &s[n]
		a.competes = ready.has(a.Level)
		if !a.competes {
			a.credit = min(a.credit, 0)
		}
	}
}

// dispatched accounts for messages of a level.
func (s shares) dispatched(at boostd.Level, messages int) {
	for n := range s {
		a := &s[n]
		if a.competes {
			a.credit += a.Percent * messages
		}
		if a.Level == at {
			a.credit = max(a.credit-100*messages, -100*messages)
		}
	}
}

// handedBack accounts for a message that was dispatched and wasn't started.
func (s shares) handedBack(at boostd.Level) {
	for n := range s {
		if a := &s[n]; a.Level == at {
			a.credit = min(a.credit+100, 100)
		}
	}
}
