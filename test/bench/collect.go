package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/kafkaboost/boostd/test/bench/report"
)

// collector gathers what was measured. It has one caller at a time.
type collector struct {
	figures  []report.Figure
	failures []report.Failure
	// waits are high messages' times in milliseconds, of all rounds, by variant and contestant.
	waits map[[2]string][]float64
}

// measure is what a figure is of.
type measure struct {
	name, unit string
	higher     bool
	clock      string
}

// add keeps the value that a turn had.
func (c *collector) add(t turn, m measure, value float64) {
	f := c.figure(t, m)
	for len(f.Rounds) <= t.round {
		f.Rounds = append(f.Rounds, math.NaN())
	}
	f.Rounds[t.round] = value
}

func (c *collector) figure(t turn, m measure) *report.Figure {
	for i := range c.figures {
		f := &c.figures[i]
		if f.Case == t.letter && f.Variant == t.variant && f.Contestant == t.contestant && f.Measure == m.name {
			return f
		}
	}
	c.figures = append(c.figures, report.Figure{Case: t.letter, Variant: t.variant, Contestant: t.contestant,
		Measure: m.name, Unit: m.unit, Higher: m.higher, Clock: m.clock})
	return &c.figures[len(c.figures)-1]
}

// fail keeps why a turn had no value.
func (c *collector) fail(t turn, text string) {
	c.failures = append(c.failures, report.Failure{Case: t.letter, Variant: t.variant, Contestant: t.contestant,
		Round: t.round + 1, Text: text})
}

// addWaits keeps waits for the plots.
func (c *collector) addWaits(t turn, millis []float64) {
	if c.waits == nil {
		c.waits = map[[2]string][]float64{}
	}
	key := [2]string{t.variant, t.contestant}
	c.waits[key] = append(c.waits[key], millis...)
}

// median is that of a figure; NaN where there is none.
func (c *collector) median(letter, variant, contestant, name string) float64 {
	for _, f := range c.figures {
		if f.Case == letter && f.Variant == variant && f.Contestant == contestant && f.Measure == name {
			return f.Rounds.Median()
		}
	}
	return math.NaN()
}

// summary is what a turn has measured, in one line.
func (c *collector) summary(t turn) string {
	var parts []string
	for _, f := range c.figures {
		if f.Case == t.letter && f.Contestant == t.contestant && len(f.Rounds) == t.round+1 && (f.Variant == t.variant || t.letter == "R") {
			if v := f.Rounds[t.round]; !math.IsNaN(v) {
				parts = append(parts, fmt.Sprintf("%s %.4g %s", f.Measure, v, f.Unit))
			}
		}
	}
	return strings.Join(parts, ", ")
}

// addPoint adds a point to a line, if there is one.
func addPoint(line *report.Series, x, y float64) {
	if !math.IsNaN(y) {
		line.X, line.Y = append(line.X, x), append(line.Y, y)
	}
}
