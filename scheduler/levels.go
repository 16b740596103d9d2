package scheduler

import (
	"math/bits"

	"github.com/kafkaboost/boostd"
)

// levelSet is a set of levels with its maximum in O(1) for up to 4,096 levels:
// one word of words, each word 64 levels.
type levelSet struct {
	summary uint64
	words   [64]uint64
}

// MaxLevels is how many levels a pool can have.
const MaxLevels = 64 * 64

func (s *levelSet) add(l boostd.Level) {
	s.words[l>>6] |= 1 << (l & 63)
	s.summary |= 1 << (l >> 6)
}

func (s *levelSet) remove(l boostd.Level) {
	s.words[l>>6] &^= 1 << (l & 63)
	if s.words[l>>6] == 0 {
		s.summary &^= 1 << (l >> 6)
	}
}

func (s *levelSet) has(l boostd.Level) bool { return s.words[l>>6]&(1<<(l&63)) != 0 }

// highest is the largest level of the set, or none (-1).
func (s *levelSet) highest() boostd.Level {
	if s.summary == 0 {
		return None
	}
	w := 63 - bits.LeadingZeros64(s.summary)
	return boostd.Level(w<<6 + 63 - bits.LeadingZeros64(s.words[w]))
}

// None stands for "no level" where a level is asked for.
const None boostd.Level = -1
