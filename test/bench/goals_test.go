package main

import (
	"slices"
	"testing"

	"github.com/kafkaboost/boostd/test/bench/report"
)

// measuresOf are the measures of the cases, by letter.
var measuresOf = map[string][]measure{
	"T": {throughput, cpuEach}, "H": {waitHalf, waitMost, lowWith, lowAlone, bursting}, "P": {fromFirst, fromPoll},
	"M": {resident}, "I": {idleCPU, slackCPU}, "S": {startTime, stopTime, effect}, "R": {gapMoved, gapStayed},
}

// entered are who is measured in a case's variant in each round.
func entered(letter, name string) (who []string) {
	if letter == "R" { // one turn has all three
		name = joinName
	}
	for _, c := range cases {
		for _, v := range c.variants(false) {
			if c.letter == letter && v.name == name {
				who = append(who, v.order(0, nil)...)
			}
		}
	}
	return who
}

// A goal that nothing measures would never be met, and never be missed.
func TestGoalsAreMeasured(t *testing.T) {
	said := map[string]bool{}
	for _, g := range goals() {
		name := g.Case + ": " + g.What
		if g.What == "" || said[name] {
			t.Errorf("%s: without words, or twice", name)
		}
		said[name] = true
		if g.AtLeast < 0 || g.AtMost < 0 || g.Limit < 0 || g.Allowance < 0 || g.AtLeast+g.AtMost+g.Limit == 0 {
			t.Errorf("%s: bounds %v, %v, %v", name, g.AtLeast, g.AtMost, g.Limit)
		}
		of := measureNamed(t, g.Case, g.Measure)
		if !slices.Contains(entered(g.Case, g.Variant), g.Of) {
			t.Errorf("%s: %s isn't measured in %q", name, g.Of, g.Variant)
		}
		if of.higher != (g.AtLeast > 0) {
			t.Errorf("%s: the bound is on the wrong side", name)
		}
		if g.Against == "" {
			continue
		}
		variant, against := g.Variant, g.Measure
		if g.AgainstVariant != "" {
			variant = g.AgainstVariant
		}
		if g.AgainstMeasure != "" {
			against = g.AgainstMeasure
		}
		if !slices.Contains(entered(g.Case, variant), g.Against) {
			t.Errorf("%s: %s isn't measured in %q", name, g.Against, variant)
		}
		if m := measureNamed(t, g.Case, against); m.unit != of.unit {
			t.Errorf("%s: %s against %s", name, of.unit, m.unit)
		}
	}
	for _, c := range cases {
		if !slices.ContainsFunc(goals(), func(g report.Goal) bool { return g.Case == c.letter }) {
			t.Errorf("case %s has no goal", c.letter)
		}
	}
}

func measureNamed(t *testing.T, letter, name string) measure {
	t.Helper()
	for _, m := range measuresOf[letter] {
		if m.name == name {
			return m
		}
	}
	t.Errorf("case %s has no measure %q", letter, name)
	return measure{}
}

func TestGoalsOfAPart(t *testing.T) {
	for _, g := range goalsOf(options{cases: []string{"T"}, contestants: []string{boostd, bare}}) {
		if g.Case != "T" || g.Against != bare {
			t.Errorf("%s against %s was asked for", g.What, g.Against)
		}
	}
	if n := len(goalsOf(options{})); n != len(goals()) {
		t.Errorf("a whole run has %d goals of %d", n, len(goals()))
	}
}
