package actors

import (
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// likeNow is a change of the only handler that changes nothing but its slots.
func likeNow(slots int) []HandlerChange {
	return []HandlerChange{{scheduler.PoolChange{Slots: slots, Retry: testRetry}, patience}}
}

func withPolicy(p scheduler.Policy) []HandlerChange {
	all := likeNow(4)
	all[0].Policy = p
	return all
}

// Levels and policies change while it runs, and what the core refuses is the
// caller's error.
func TestReconfigure(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{handler: handlerFunc(done), slots: 4, sources: []*fakeSource{src}})
	good := scheduler.Policy{Reserve: []scheduler.Reserve{{From: 8, Slots: 3}}}
	if err := e.Reconfigure(t.Context(), 11, withPolicy(good)); err != nil {
		t.Fatal(err)
	}
	err := e.Reconfigure(t.Context(), 11, withPolicy(scheduler.Policy{Reserve: []scheduler.Reserve{{From: 8, Slots: 4}}}))
	if err == nil || !strings.Contains(err.Error(), `change levels and pools: pool "h": policy: reserve: 4 slots for level 8 and above, want 1 to 3`) {
		t.Errorf("a reserve of all slots: %v", err)
	}
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	src.emit(batch(0, 10, 0))
	for offset, outcome := range src.wait(t, 10) {
		if outcome != boostd.Done {
			t.Errorf("%d is %v", offset, outcome)
		}
	}
}
