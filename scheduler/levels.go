package scheduler

import (
	"math/bits"

	"github.com/kafkaboost/boostd"
)

// None stands for "no level" where a level is asked for.
const None boostd.Level = -1

// MaxLevels is how many levels a pool can have.
const MaxLevels = 64 * 64 * 64

// levelSet is a set of levels with its maximum in three steps: a word says which
// of 64 words say which of their 64 words aren't empty.
type levelSet struct {
	top   uint64
	mid   []uint64
	words []uint64
}

func newLevelSet(levels int) levelSet {
	words := (levels + 63) / 64
	return levelSet{mid: make([]uint64, (words+63)/64), words: make([]uint64, words)}
}

// grow makes room for more levels.
func (s *levelSet) grow(levels int) {
	more := newLevelSet(levels)
	copy(more.mid, s.mid)
	copy(more.words, s.words)
	s.mid, s.words = more.mid, more.words
}

func (s *levelSet) add(l boostd.Level) {
	s.words[l>>6] |= 1 << (l & 63)
	s.mid[l>>12] |= 1 << (l >> 6 & 63)
	s.top |= 1 << (l >> 12)
}

func (s *levelSet) remove(l boostd.Level) {
	s.words[l>>6] &^= 1 << (l & 63)
	if s.words[l>>6] != 0 {
		return
	}
	s.mid[l>>12] &^= 1 << (l >> 6 & 63)
	if s.mid[l>>12] == 0 {
		s.top &^= 1 << (l >> 12)
	}
}

func (s *levelSet) put(l boostd.Level, in bool) {
	if in {
		s.add(l)
	} else {
		s.remove(l)
	}
}

func (s *levelSet) has(l boostd.Level) bool { return s.words[l>>6]&(1<<(l&63)) != 0 }

// below is the largest level of the set that is below another, or None.
func (s *levelSet) below(l boostd.Level) boostd.Level {
	w, m := l>>6, l>>12
	if rest := s.words[w] & (1<<(l&63) - 1); rest != 0 {
		return w<<6 + highBit(rest)
	}
	rest := s.mid[m] & (1<<(w&63) - 1)
	if rest == 0 {
		above := s.top & (1<<m - 1)
		if above == 0 {
			return None
		}
		m = highBit(above)
		rest = s.mid[m]
	}
	w = m<<6 + highBit(rest)
	return w<<6 + highBit(s.words[w])
}

// highest is the largest level of the set, or None.
func (s *levelSet) highest() boostd.Level {
	if s.top == 0 {
		return None
	}
	m := 63 - bits.LeadingZeros64(s.top)
	w := m<<6 + 63 - bits.LeadingZeros64(s.mid[m])
	return boostd.Level(w<<6 + 63 - bits.LeadingZeros64(s.words[w]))
}

func highBit(word uint64) boostd.Level { return boostd.Level(63 - bits.LeadingZeros64(word)) }
