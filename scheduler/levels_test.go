package scheduler

import (
	"math/rand/v2"
	"testing"

	"github.com/kafkaboost/boostd"
)

func below(in []bool, l int) boostd.Level {
	for l--; l >= 0 && !in[l]; {
		l--
	}
	return boostd.Level(l)
}

func TestLevelSet(t *testing.T) {
	for _, most := range []int{2, 11, 64, 65, 200, MaxLevels} {
		rng := rand.New(rand.NewPCG(uint64(most), 1))
		s := newLevelSet(most)
		in := make([]bool, most)
		for range 2000 {
			l := rng.IntN(most)
			if in[l] = rng.IntN(3) == 0; in[l] {
				s.add(boostd.Level(l))
			} else {
				s.remove(boostd.Level(l))
			}
			highest := None
			for l, in := range in {
				if in {
					highest = boostd.Level(l)
				}
			}
			if got, want := s.below(boostd.Level(l)), below(in, l); got != want {
				t.Fatalf("of %d levels: %d is below %d, want %d", most, got, l, want)
			}
			if s.highest() != highest {
				t.Fatalf("of %d levels: highest %d, want %d", most, s.highest(), highest)
			}
		}
	}
}
