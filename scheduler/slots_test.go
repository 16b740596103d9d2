package scheduler

import (
	"slices"
	"testing"
	"time"
)

// resize gives the pool so many slots, and what change says.
func (r *rig) resize(slots int, change ...func(*PoolChange)) {
	r.t.Helper()
	c := r.change(r.core.pools[0].config.Policy)
	c.Slots = slots
	for _, f := range change {
		f(&c)
	}
	e, err := r.core.Reconfigure(r.now, 11, []PoolChange{c})
	if err != nil {
		r.t.Fatal(err)
	}
	opened, closed := len(e.Opened), len(e.Closed)
	r.apply(e)
	if opened > 0 && closed > 0 {
		r.t.Errorf("%d slots come while %d go", opened, closed)
	}
}

// TestMoreSlotsStartAtOnce: what waited has them, highest level first; one that was
// about to end stays.
func TestMoreSlotsStartAtOnce(t *testing.T) {
	r := newRig(t, 1, Unordered)
	r.fetch(0, tp0, "-:1", "-:2", "-:3", "-:4")
	r.want("run 0@4: 3")
	r.resize(3)
	r.want("run 1@3: 2", "run 2@2: 1") // slot 1 is used before slot 2
	r.resize(1)
	r.want()
	r.resize(2)
	r.want()
	r.finish(1, done)
	r.want("done 2") // slot 2 is still to end
	r.finish(2, done)
	r.want("run 1@1: 0", "done 1")
	if s := r.core.Status(r.now).Pools[0]; s.Slots != 2 || s.Busy != 2 {
		t.Errorf("%d slots, %d busy; want 2 and 2", s.Slots, s.Busy)
	}
}

// TestFewerSlotsTakeBackWhatIsNotStarted: and nothing starts until there are no more
// busy than there should be.
func TestFewerSlotsTakeBackWhatIsNotStarted(t *testing.T) {
	r := newRig(t, 2, Unordered)
	r.warm(5, time.Millisecond)
	r.fetch(0, tp0, "-:5", "-:5", "-:5", "-:5", "-:5", "-:5", "-:5", "-:5")
	r.want("run 0@5: 0 1 2 3", "run 1@5: 4 5")
	r.resize(1)
	r.want("recall 1")
	r.recalled(1, 1)
	r.want()
	r.finish(0, done, done, done, done)
	r.want("done 0", "done 1", "done 2", "done 3") // slot 1 still has one
	r.core.Overrun(0, 1)
	if s := r.core.Status(r.now).Pools[0]; s.Busy != 1 || s.Stuck != 1 {
		t.Errorf("%d busy, %d stuck; want 1 and 1", s.Busy, s.Stuck)
	}
	r.finish(1, done)
	r.want("run 0@5: 5 6 7", "done 4")
	r.core.Overrun(0, 1) // what is said of a slot that has ended changes nothing
	if s := r.core.Status(r.now).Pools[0]; s.Busy != 1 || s.Stuck != 0 {
		t.Errorf("%d busy, %d stuck; want 1 and none", s.Busy, s.Stuck)
	}
}

// TestSlotsComeAndGo: who makes their workers is told.
func TestSlotsComeAndGo(t *testing.T) {
	r := newRig(t, 2, Unordered)
	change := func(slots int) (opened, closed []SlotID) {
		c := r.change(Policy{})
		c.Slots = slots
		e, err := r.core.Reconfigure(r.now, 11, []PoolChange{c})
		if err != nil {
			t.Fatal(err)
		}
		opened, closed = slices.Clone(e.Opened), slices.Clone(e.Closed)
		r.apply(e)
		return opened, closed
	}
	if opened, closed := change(4); !slices.Equal(opened, []SlotID{{0, 3}, {0, 2}}) || len(closed) > 0 {
		t.Errorf("opened %v, closed %v", opened, closed)
	}
	r.fetch(0, tp0, "-:1", "-:1", "-:1")
	if opened, closed := change(1); len(opened) > 0 || !slices.Equal(closed, []SlotID{{0, 3}}) {
		t.Errorf("opened %v, closed %v", opened, closed)
	}
	items := r.out[1]
	delete(r.out, 1)
	items[0].StartedAt, items[0].FinishedAt, items[0].Result.Outcome = r.now, r.now, done
	if e := r.core.Finished(r.now, 0, 1, items); !slices.Equal(e.Closed, []SlotID{{0, 1}}) {
		t.Errorf("closed %v", e.Closed)
	}
}

// TestRetryChanges: an attempt that is out is the last one, or isn't, as it was; what
// comes again has the new number.
func TestRetryChanges(t *testing.T) {
	attempts := func(n int) func(*PoolChange) { return func(c *PoolChange) { c.Retry.Attempts = n } }
	r := newRig(t, 2, Unordered)
	r.fetch(0, tp0, "-:1", "-:1")
	r.want("run 0@1: 0", "run 1@1: 1")
	first := r.out[0][0]
	first.StartedAt, first.Result.Outcome = r.now, retry
	r.resize(2, attempts(1))
	if v := first.Verdict(); v != retry {
		t.Errorf("the attempt that was out comes to %v", v)
	}
	r.finish(0, retry)
	r.want()
	r.wait(time.Second)
	r.want("run 0@1: 0") // its last attempt
	r.finish(0, retry)
	r.want("held 0")
	r.resize(2, attempts(4))
	r.finish(1, retry) // it went out as one of three
	r.want()
}
