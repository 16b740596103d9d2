package e2e

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// soon is far below what a slot of level 0 would have taken.
const soon = time.Second

// Level 0 keeps all slots busy that it may have; level 9 finds one free.
func TestReservedSlots(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		b := rig.Busy{Slots: 8, Takes: 4 * time.Second, Policy: "policy: {reserve: {8: 2}}", Low: 6, High: 2}
		waits, _ := b.Interrupt(t, c)
		if waits[1] > soon {
			t.Errorf("level 9 waited %v for reserved slots", waits)
		}
	})
}

// Level 0 has all slots, and gives back as many as level 9 needs; what gave its
// slot back is at its first attempt still when it is done.
func TestPreemptedSlots(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		b := rig.Busy{Slots: 4, Takes: 4 * time.Second, Policy: "preemptible: true", Low: 4, High: 2}
		waits, records := b.Interrupt(t, c)
		if waits[1] > soon {
			t.Errorf("level 9 waited %v for slots to be given back", waits)
		}
		given := map[rig.Place]bool{}
		for _, r := range records {
			if r.Level == 0 && r.Result == boostd.Released {
				given[rig.PlaceOf(r)] = true
			}
			if r.Attempt != 1 {
				t.Errorf("%s/%d@%d has attempt %d, %v", r.Topic, r.Partition, r.Offset, r.Attempt, r.Result)
			}
		}
		if len(given) != 2 {
			t.Errorf("%d messages gave their slot back, want 2", len(given))
		}
	})
}
