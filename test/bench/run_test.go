package main

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/bench/contestants/launch"
	"github.com/kafkaboost/boostd/test/bench/report"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// tiny is a run for its function alone.
var tiny = sizes{
	small: 20_000, large: 5_000, backlog: 150_000, streaming: 500 * time.Millisecond, plain: 200 * time.Millisecond, warmUp: 200 * time.Millisecond, bursts: 1,
	ordered: 500, serial: 100, waiting: map[int]int{11: 200}, idle: 500 * time.Millisecond, settling: time.Second,
}

// Every case runs, on real Kafka, and leaves each figure that boostd's goals ask for.
func TestARunHasAllFigures(t *testing.T) {
	kafkatest.Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if err := launch.Prepare(ctx); err != nil {
		t.Logf("not all contestants are there: %v", err) // those of Go are, or the run fails
	}
	o := options{rounds: 1, quick: true, contestants: []string{boostd, bare}, limit: time.Hour}
	b := &bench{options: o, launch: launch.Command, size: tiny, into: &collector{}, began: time.Now(), say: t.Logf}
	if err := b.run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, f := range b.into.failures {
		t.Errorf("case %s, %q, %s: %s", f.Case, f.Variant, f.Contestant, f.Text)
	}
	r := b.results(ctx)
	if _, err := report.Encode(r); err != nil {
		t.Error(err)
	}
	quick := map[string]bool{}
	for _, c := range cases {
		for _, v := range c.variants(true) {
			quick[c.letter+v.name] = true
		}
	}
	for _, g := range goalsOf(o) {
		if !quick[g.Case+g.Variant] && g.Case != "R" {
			continue
		}
		if v := b.into.median(g.Case, g.Variant, g.Of, g.Measure); math.IsNaN(v) || v < 0 {
			t.Errorf("case %s, %q has no %s of %s", g.Case, g.Variant, g.Measure, g.Of)
		}
	}
}
