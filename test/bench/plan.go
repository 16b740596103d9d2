package main

import (
	"context"
	"slices"
	"strings"
	"time"
)

// benchCase is one question, with a broker of its own: what earlier cases have left
// there would slow it.
type benchCase struct {
	letter string
	// rounds bounds the rounds of a whole run.
	rounds int
	// variants are the case's, in their order.
	variants func(quick bool) []variant
	// data creates topics, and what lies in them, once for all rounds.
	data func(ctx context.Context, s *stage) error
	// whole runs a variant's contestants all at once; nil where they take turns.
	whole func(ctx context.Context, s *stage, v variant, names []string, round int) error
}

// variant is a case's way to ask, and who is asked.
type variant struct {
	name string
	// who is asked, with the most rounds that each has; 0 is the case's.
	who []entry
	// limit bounds one contestant's turn; whoever takes longer hangs.
	limit time.Duration
	// run is a contestant's turn. It records figures, and ends what it has started.
	run func(ctx context.Context, s *stage, t turn) error
}

type entry struct {
	name   string
	rounds int
}

// turn is one contestant's in one round, which counts from 0.
type turn struct {
	letter, variant, contestant string
	round                       int
}

// always and seldom are entries: measured in every round, and in the first n.
func always(names ...string) []entry { return seldom(0, names...) }

func seldom(rounds int, names ...string) (all []entry) {
	for _, name := range names {
		all = append(all, entry{name, rounds})
	}
	return all
}

// everyone joins entries.
func everyone(lists ...[]entry) []entry { return slices.Concat(lists...) }

// order is who has a turn in a round, and in which order: each round begins with
// another one, so that nobody always follows the same.
func (v variant) order(round int, wanted []string) (names []string) {
	for _, e := range v.who {
		if wants(wanted, e.name) && (e.rounds == 0 || round < e.rounds) {
			names = append(names, e.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	first := round % len(names)
	return append(slices.Clone(names[first:]), names[:first]...)
}

// roundsOf is how many rounds a case has.
func (c *benchCase) roundsOf(o options) int { return min(c.rounds, o.rounds) }

func letters() string {
	var all []string
	for _, c := range cases {
		all = append(all, c.letter)
	}
	return strings.Join(all, ", ")
}

// strikes count the failures of each contestant in each variant: after the second it
// has no further turn there, for a hanging one costs the others their time.
type strikes map[string]int

const maxStrikes = 2

func (s strikes) out(t turn) bool { return s[t.variant+"\x00"+t.contestant] >= maxStrikes }

func (s strikes) add(t turn) { s[t.variant+"\x00"+t.contestant]++ }
