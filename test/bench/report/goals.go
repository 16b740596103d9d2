package report

import (
	"fmt"
	"math"
	"strings"
)

// Outcome is what became of a goal in a run.
type Outcome struct {
	Goal Goal
	// Figure and Against are the medians; Unit is theirs. NaN where there is none.
	Figure, Against float64
	Unit            string
	// Ratio is the median of the rounds' ratios, which lie between Lowest and Highest;
	// NaN for a goal without Against.
	Ratio, Lowest, Highest float64
	// Rounds is how many rounds have what it takes.
	Rounds int
	// Higher is whether a higher ratio is better.
	Higher bool
	Met    bool
	// Missing says what there is no figure of; then nothing else holds.
	Missing string
}

// Check compares a run with goals, and has an Outcome for each, in their order. A goal
// whose figures are missing isn't met.
func Check(r *Results, goals []Goal) []Outcome {
	all := make([]Outcome, len(goals))
	for i, g := range goals {
		all[i] = r.check(g)
	}
	return all
}

func (r *Results) check(g Goal) Outcome {
	nothing := math.NaN()
	o := Outcome{Goal: g, Figure: nothing, Against: nothing, Ratio: nothing, Lowest: nothing, Highest: nothing}
	of := r.figure(g.Case, g.Variant, g.Measure, g.Of)
	switch {
	case g.AtLeast == 0 && g.AtMost == 0 && g.Limit == 0, g.Against == "" && g.Limit == 0:
		o.Missing = "a bound that the goal could keep"
		return o
	case of == nil:
		o.Missing = place(g.Case, g.Variant, g.Measure) + " of " + g.Of
		return o
	}
	o.Unit, o.Higher, o.Figure = of.Unit, of.Higher, of.Rounds.Median()
	o.Rounds = len(of.Rounds.measured())
	if o.Rounds == 0 {
		o.Missing = "a round of " + of.name()
		return o
	}
	o.Met = g.Limit == 0 || (of.Higher && o.Figure >= g.Limit) || (!of.Higher && o.Figure <= g.Limit)
	if g.Against != "" {
		r.checkRatio(&o, of)
	}
	return o
}

func (r *Results) checkRatio(o *Outcome, of *Figure) {
	g := &o.Goal
	against := r.figure(g.Case, or(g.AgainstVariant, g.Variant), or(g.AgainstMeasure, g.Measure), g.Against)
	switch {
	case against == nil:
		o.Missing = place(g.Case, or(g.AgainstVariant, g.Variant), or(g.AgainstMeasure, g.Measure)) + " of " + g.Against
	case against.Unit != of.Unit:
		o.Missing = fmt.Sprintf("one unit: %s is in %s, %s in %s", of.name(), of.Unit, against.name(), against.Unit)
	default:
		o.Against = against.Rounds.Median()
		ratios := of.Rounds.Ratios(against.Rounds)
		o.Ratio, o.Rounds = ratios.Median(), len(ratios.measured())
		o.Lowest, o.Highest = ratios.Spread()
		o.Met = o.Met && g.holds(o.Ratio, of.Rounds, against.Rounds)
		if o.Rounds == 0 {
			o.Missing = "a round that has both " + of.name() + " and " + against.name() + ", and the latter above 0"
		}
	}
	o.Met = o.Met && o.Missing == ""
}

// holds is whether the bounds of the ratio are kept. With an allowance it's decided
// by how far each round is from its own bound.
func (g *Goal) holds(ratio float64, of, against Values) bool {
	most := ratio <= g.AtMost
	if g.Allowance != 0 {
		most = of.pair(against, func(a, b float64) float64 { return a - g.AtMost*b - g.Allowance }).Median() <= 0
	}
	return (g.AtLeast == 0 || ratio >= g.AtLeast) && (g.AtMost == 0 || most)
}

func or(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

// Bound is what the goal asks for, such as "≤ 1.5 × + 3 ms".
func (o *Outcome) Bound() string {
	g := &o.Goal
	var all []string
	if g.AtLeast > 0 {
		all = append(all, "≥ "+number(g.AtLeast)+" ×")
	}
	if g.AtMost > 0 {
		bound := "≤ " + number(g.AtMost) + " ×"
		if g.Allowance != 0 {
			bound += " + " + quantity(g.Allowance, o.Unit)
		}
		all = append(all, bound)
	}
	if g.Limit > 0 {
		sign := "≤ "
		if o.Higher {
			sign = "≥ "
		}
		all = append(all, sign+quantity(g.Limit, o.Unit))
	}
	return strings.Join(all, ", ")
}

// what names the goal for people.
func (g *Goal) what() string {
	if g.What != "" {
		return g.What
	}
	text := place("", g.Variant, g.Measure) + ": " + g.Of
	if g.Against == "" {
		return text
	}
	return text + " against " + place(g.Against, g.AgainstVariant, g.AgainstMeasure)
}

// Verdict is "met", "not met", or "not measured".
func (o *Outcome) Verdict() string {
	switch {
	case o.Missing != "":
		return "not measured"
	case o.Met:
		return "met"
	}
	return "not met"
}

// state is the verdict with what it rests on, where that isn't every round.
func (r *Results) state(o *Outcome) string {
	switch {
	case o.Missing != "":
		return o.Verdict() + ": no " + cell(o.Missing)
	case o.Rounds < r.Rounds:
		return fmt.Sprintf("%s, by %d of %s", o.Verdict(), o.Rounds, rounds(r.Rounds))
	}
	return o.Verdict()
}
