package scheduler

import (
	"strings"
	"testing"
	"time"
)

func TestGroupWorkHoldsLowerLevelsBack(t *testing.T) {
	r := newRig(t, 2, Unordered)
	r.core.config.Group = true
	group := func(outstanding, done int64) { r.apply(r.core.Group(r.now, 0, 9, GroupWork{outstanding, done})) }
	group(0, 100)
	r.fetch(0, tp0, "-:0")
	r.want("run 0@0: 0")
	group(50, 100)
	r.fetch(0, tp0, "-:0", "-:10")
	r.want("run 1@10: 2") // what is higher may go
	r.finish(1, done)
	r.want("done 2")
	if w := r.core.Waiting(0); w != 9 {
		t.Errorf("slots are wanted for level %d, want 9", w)
	}
	r.now = r.now.Add(9 * time.Second)
	group(49, 101) // it moves
	r.want()
	r.now = r.now.Add(9 * time.Second)
	group(60, 101) // more work is no progress
	r.want()
	r.now = r.now.Add(time.Second)
	r.apply(r.core.Tick(r.now))
	r.want("run 1@0: 1")
	if s := r.core.Status(r.now).Pools[0].Group; len(s) != 1 || !s[0].Stalled || s[0].Holds || s[0].Outstanding != 60 || !s[0].Known(r.now) {
		t.Errorf("status has %+v", s)
	}
	if s := r.core.Status(r.now.Add(GroupPatience)).Pools[0].Group; s[0].Known(r.now.Add(GroupPatience)) {
		t.Errorf("nothing was said for long: %+v", s)
	}
	group(59, 102)
	if s := r.core.Status(r.now).Pools[0].Group; s[0].Stalled || !s[0].Holds {
		t.Errorf("it moves again: %+v", s)
	}
	r.fetch(0, tp0, "-:0")
	r.want()
	group(0, 161)
	r.want()
	r.finish(0, done)
	r.want("run 0@0: 3", "done 0")
}

func TestGroupContradicts(t *testing.T) {
	c := New(Config{Group: true})
	_, err := c.AddPool(PoolConfig{Name: "p", Slots: 2, Levels: 11, Retry: Retry{Attempts: 1},
		Policy: Policy{MaxWait: time.Second, MinShare: []Share{{0, 5}}}})
	if err == nil || strings.Count(err.Error(), "gate.scope group") != 2 {
		t.Errorf("got %v, want both refused", err)
	}
}
