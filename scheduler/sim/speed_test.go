package sim

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// speeds are loads that saturate the slots, with handlers whose speed can't be
// foretold. Level 10 comes now and then; most is what it may wait at most, and done
// how much of level 0 is to be done in 20 s, at least.
var speeds = map[string]struct {
	slots, reserve int
	loads          []Load
	most           time.Duration
	done           int64
}{
	// The mean of these is 520 µs, and no message takes that long: soon all slots
	// but the reserve have a slow one.
	"20 µs, and one in 10,000 5 s": {17, 1, []Load{{Partitions: 6, Backlog: 200_000,
		Handler: Times{{Share: 9999, A: 20 * time.Microsecond}, {Share: 1, A: 5 * time.Second}}}}, 3 * time.Millisecond, 190_000},
	// A guess that they are fast would put hundreds behind each slow one.
	"a burst before a mean is known": {8, 0, []Load{{Partitions: 6, Backlog: 400, Handler: Times{{A: 300 * time.Millisecond}}}},
		310 * time.Millisecond, 400},
	"a hundred times slower": {16, 0, []Load{
		{Partitions: 6, Backlog: 60_000, Handler: Times{{A: 100 * time.Microsecond}}},
		{Partitions: 6, Burst: 40_000, From: 2 * time.Second, Handler: Times{{A: 10 * time.Millisecond}}},
	}, 20 * time.Millisecond, 88_000},
	"a hundred times faster": {16, 0, []Load{
		{Partitions: 6, Backlog: 2800, Handler: Times{{A: 10 * time.Millisecond}}},
		{Partitions: 6, Burst: 200_000, From: 2 * time.Second, Handler: Times{{A: 100 * time.Microsecond}}},
	}, 20 * time.Millisecond, 202_800},
}

// Whatever the handler's speed does: no message stays behind a slow one in its
// worker's batch for longer than the recall takes, the highest level waits for a
// message that runs and no longer, and the slots have what they can do.
func TestHandlersOfAnySpeed(t *testing.T) {
	for name, c := range speeds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := small()
			config.For, config.Pool.Slots = 20*time.Second, c.slots
			if c.reserve > 0 {
				config.Pool.Policy.Reserve = []scheduler.Reserve{{From: 10, Slots: c.reserve}}
			}
			config.Loads = append(c.loads, Load{First: 10, Last: 10, Partitions: 6, Steady: 20, Handler: Times{{A: time.Millisecond}}})
			w := newWatched(t, config)
			behind := time.Duration(0)
			w.watch.after = func(*event) {
				for _, s := range w.instances[0].slots {
					if s.busy && s.next < s.end {
						behind = max(behind, w.time().Sub(s.items[s.next].DispatchedAt))
					}
				}
			}
			r := w.finish()
			if limit := 2*scheduler.DefaultSlice + 10*time.Millisecond; behind > limit {
				t.Errorf("a message was in a busy worker's batch for %v, want at most %v", behind, limit)
			}
			if high := level(t, r, 10); high.Waits.Max() > c.most {
				t.Errorf("level 10 waits up to %v, want at most %v", high.Waits.Max(), c.most)
			}
			if low := level(t, r, 0); low.Done < c.done {
				t.Errorf("%d of level 0 are done, want at least %d", low.Done, c.done)
			}
			t.Logf("in a batch at most %v; level 10 at most %v; %d of level 0", behind, level(t, r, 10).Waits.Max(), level(t, r, 0).Done)
		})
	}
}
