package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// guarded checks at every event that no slot idles for 20 ms while the brokers
// have something for it, and that nothing flaps: at most one pause and one resume
// in 2 s.
func guarded(t testing.TB, c *Config) *watched {
	w := newWatched(t, c)
	idle := map[*instance]int64{} // since when
	w.watch.after = func(*event) {
		for _, in := range w.instances {
			work := 0
			for _, s := range in.byID {
				work += s.waiting
			}
			switch since, was := idle[in]; {
			case work == 0 || in.out == len(in.slots):
				delete(idle, in)
			case !was:
				idle[in] = w.now
			case time.Duration(w.now-since) > 20*time.Millisecond:
				t.Fatalf("%v: %d of %d slots have been idle since %v", time.Duration(w.now), len(in.slots)-in.out, len(in.slots), time.Duration(since))
			}
		}
	}
	type change struct {
		s     *source
		state bool
	}
	changed := map[change]int64{}
	w.watch.flow = func(s *source, f scheduler.FlowChange) {
		which := change{s, f.State == scheduler.Paused}
		if last, was := changed[which]; was && time.Duration(w.now-last) < 2*time.Second {
			t.Fatalf("%v: subscription %d: %v again after %v", time.Duration(w.now), s.sub, f.State, time.Duration(w.now-last))
		}
		changed[which] = w.now
	}
	return w
}

// Random bursts on eleven levels: nothing flaps, no slot idles while there is
// work, and all of it is done.
func TestGateUnderRandomBursts(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c := small()
			c.Seed, c.Core.StartWait, c.For = seed, 0, 5*time.Minute
			c.Pool.Slots = []int{1, 8, 64}[seed%3]
			service := []time.Duration{100 * time.Microsecond, time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond}[seed%4]
			c.Handler = Times{{Shape: Uniform, A: service / 2, B: service * 3 / 2}}
			r := newRandom(seed, 7, 7)
			second := min(int(time.Second/service)*c.Pool.Slots, 8_000) // what a second has time for
			at := time.Duration(0)
			for range 40 {
				level := boostd.Level(r.below(11))
				c.Loads = append(c.Loads, Load{First: level, Last: level, Partitions: 1, Order: scheduler.Unordered, Burst: 1 + r.below(second), From: at})
				at += time.Duration(r.below(1000)) * time.Millisecond
			}
			for _, l := range guarded(t, c).finish().Levels {
				if l.Done != l.Produced {
					t.Errorf("level %d: %d of %d were run", l.Level, l.Done, l.Produced)
				}
			}
		})
	}
}

// Lower levels run at once when higher ones are done, although they were paused
// for long.
func TestLowerLevelsRunAtOnceWhenHigherAreDone(t *testing.T) {
	c := small()
	c.Core.StartWait, c.For, c.Pool.Slots = 0, 13*time.Second, 64
	c.Handler = Times{{Shape: Uniform, A: 500 * time.Microsecond, B: 1500 * time.Microsecond}}
	c.Loads = []Load{
		{First: 0, Last: 0, Partitions: 1, Backlog: 200_000},
		{First: 9, Last: 9, Partitions: 1, Burst: 600_000, From: 500 * time.Millisecond}, // ten seconds of work
	}
	w := guarded(t, c)
	pauses, lowUnder := 0, 0
	flow := w.watch.flow
	w.watch.flow = func(s *source, f scheduler.FlowChange) {
		flow(s, f)
		if w.subs[s.sub].level == 0 && f.State == scheduler.Paused {
			pauses++
		}
	}
	w.watch.started = func(_ *instance, i *scheduler.Item) {
		if at := time.Duration(w.now); i.Message.Level == 0 && at > 600*time.Millisecond && at < 9*time.Second {
			lowUnder++
		}
	}
	r := w.finish()
	high, low := level(t, r, 9), level(t, r, 0)
	if pauses != 1 || lowUnder > 0 {
		t.Errorf("level 0 was paused %d times, and ran %d messages under level 9", pauses, lowUnder)
	}
	if high.Done != high.Produced || low.Done < 60_000 {
		t.Errorf("level 9 ran %d messages, level 0 %d", high.Done, low.Done) // how soon, guarded has checked
	}
}

// The same with instances that come and go: what moves costs its gap, and no more.
func TestManyInstances(t *testing.T) {
	c := small()
	c.For, c.Instances, c.Pool.Slots = 5*time.Second, 1000, 4
	c.Handler = Times{{Shape: Exponential, A: 20 * time.Millisecond}}
	c.Loads = []Load{
		{First: 0, Last: 0, Partitions: 3000, Backlog: 100_000},
		{First: 5, Last: 10, Partitions: 1200, Poisson: 2000},
	}
	c.Changes = []Change{{time.Second, 7, Leave}, {2 * time.Second, 8, Crash}}
	c.Latency.Session = time.Second
	r := simulate(t, c)
	for n := 5; n <= 10; n++ {
		l := level(t, r, n)
		if l.Verdict != KeepsUp || l.Waits.Quantile(0.99) > 500*time.Millisecond {
			t.Errorf("level %d %v, p99 %v", n, l.Verdict, l.Waits.Quantile(0.99))
		}
	}
	t.Logf("%d events, slots busy %.0f %%", r.Events, 100*r.Busy)
}

func TestManyLevels(t *testing.T) {
	c := small()
	levels := min(10_000, scheduler.MaxLevels)
	c.For, c.Pool.Levels, c.Pool.Slots, c.Core.StartWait = 6*time.Second, levels, 16, time.Second
	c.Handler = Times{{Shape: Constant, A: 10 * time.Millisecond}}
	c.Loads = []Load{
		{First: 0, Last: boostd.Level(levels - 1), Partitions: 1, Backlog: 1},
		{First: boostd.Level(levels - 5), Last: boostd.Level(levels - 1), Partitions: 2, Poisson: 100},
	}
	r := simulate(t, c)
	if len(r.Levels) != levels {
		t.Fatalf("%d levels in the result", len(r.Levels))
	}
	top := r.Levels[levels-1]
	if top.Verdict != KeepsUp || top.Handled() < top.Produced-10 {
		t.Errorf("the highest level %v, %d of %d handled", top.Verdict, top.Handled(), top.Produced)
	}
	if r.Levels[0].Verdict != Starves || r.Levels[0].Done > 0 {
		t.Errorf("the lowest level %v, %d handled", r.Levels[0].Verdict, r.Levels[0].Done)
	}
	t.Logf("%d events", r.Events)
}
