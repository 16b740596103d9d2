package sim

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/scheduler"
)

// draw makes a configuration of everything that there is.
func draw(seed uint64) *Config {
	r := newRandom(seed, 9, 9)
	c := small()
	c.Seed, c.For = seed, time.Duration(1+r.below(20))*time.Second
	c.Instances, c.Pool.Slots, c.Pool.Levels = 1+r.below(4), 1+r.below(16), 1+r.below(12)
	c.Core.Gate = r.below(4) > 0
	c.Window.Messages = []int{1, 7, 100, 1024}[r.below(4)]
	c.Handler = Times{{Shape: Exponential, A: time.Duration(1+r.below(40)) * time.Millisecond}}
	if r.below(3) == 0 {
		c.Handler = append(Times{{Share: 1, Shape: Constant, A: time.Duration(r.below(30)) * time.Second}}, Spread{Share: 200, Shape: Constant, A: 20 * time.Microsecond})
	}
	if r.below(2) == 0 {
		c.Failing, c.Pool.DeadLetters = r.float()/2, r.below(2) == 0
	}
	c.Latency.Drain, c.Latency.Session = time.Duration(r.below(4000))*time.Millisecond, time.Duration(r.below(4000))*time.Millisecond
	c.Latency.Pause = time.Duration(r.below(3)) * time.Millisecond
	for range 1 + r.below(4) {
		l := Load{First: boostd.Level(r.below(c.Pool.Levels)), Mixed: r.below(4) == 0, Partitions: 1 + r.below(8), Order: scheduler.Order(r.below(3)),
			Keys: r.below(2) * r.below(20), Backlog: r.below(2) * r.below(3000), Poisson: float64(r.below(2) * r.below(200)),
			Steady: float64(r.below(2) * r.below(200)), Burst: r.below(2) * r.below(300), Every: time.Duration(r.below(3000)) * time.Millisecond}
		l.Last = l.First + boostd.Level(r.below(c.Pool.Levels-int(l.First)))
		c.Loads = append(c.Loads, l)
	}
	here := map[int]bool{}
	for n := range c.Instances {
		here[n+1] = true
	}
	at := time.Duration(0)
	for range r.below(6) {
		at += time.Duration(r.below(3000)) * time.Millisecond
		n := 1 + r.below(c.Instances+1)
		e := Change{At: min(at, c.For), Instance: n, Event: Join}
		if here[n] {
			e.Event = Event(r.below(2))
		}
		here[n] = !here[n]
		c.Changes = append(c.Changes, e)
	}
	return c
}

// Whatever is simulated: nothing is lost or done twice, and no instance starts a
// lower message while a higher one has been ready for 5 ms.
func TestRandomRuns(t *testing.T) {
	for seed := range uint64(60) {
		c := draw(seed)
		w := newWatched(t, c)
		r := w.finish()
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, c)
		}
		for in, records := range w.records {
			if v := verdict.Judge(nil, records, nil); v.Inversions > 0 {
				t.Fatalf("seed %d: instance %d has %d inversions", seed, in.index+1, v.Inversions)
			}
		}
		for _, l := range r.Levels {
			if got := int64(l.Waits.Count()); got > l.Produced || got < l.Handled() {
				t.Fatalf("seed %d: level %d: %d first starts of %d messages, %d handled", seed, l.Level, got, l.Produced, l.Handled())
			}
			if len(c.Changes) == 0 && l.Repeats > 0 {
				t.Fatalf("seed %d: level %d: repeats without a change", seed, l.Level)
			}
		}
	}
}

// With exceptions from strict, nothing is lost either.
func TestRandomPolicies(t *testing.T) {
	for seed := range uint64(60) {
		c := draw(seed)
		r := newRandom(seed, 8, 8)
		c.Pool.Levels, c.Pool.Slots = max(c.Pool.Levels, 3), max(c.Pool.Slots, 2)
		p := &c.Pool.Policy
		if p.Exclusive = r.below(3) == 0; !p.Exclusive {
			p.MaxWait = time.Duration(r.below(2)*r.below(3000)) * time.Millisecond
			p.MinShare = []scheduler.Share{{Level: 0, Percent: 1 + r.below(80)}}
		}
		p.Reserve = []scheduler.Reserve{{From: 2, Slots: 1}}
		c.Pool.Preemptible, c.PreemptAfter = r.below(2) == 0, time.Duration(r.below(100)-20)*time.Millisecond
		simulate(t, c)
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, c)
		}
	}
}

// A run goes on to its end when everything of it does, and then nothing is left.
func TestEverythingIsDoneInTheEnd(t *testing.T) {
	for seed := range uint64(20) {
		c := draw(seed)
		if len(c.Changes) > 0 {
			c.Changes = append(c.Changes, Change{At: c.For, Instance: c.Instances + 2, Event: Join})
		}
		for n := range c.Loads {
			c.Loads[n].Until = c.For
		}
		c.For += 3 * time.Hour
		r := simulate(t, c)
		for _, l := range r.Levels {
			if l.Handled() != l.Produced {
				t.Fatalf("seed %d: level %d: %d of %d are done", seed, l.Level, l.Handled(), l.Produced)
			}
		}
	}
}
