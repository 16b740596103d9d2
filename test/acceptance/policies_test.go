//go:build acceptance

package acceptance

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// 60 slots, messages of 10 s at level 0: with reserved slots a message of level 9
// starts within 10 ms, with slots that are given back within 50 ms.
func TestLevel9FindsASlot(t *testing.T) {
	for _, c := range []struct {
		name, policy string
		low          int
		limit        time.Duration
	}{
		{"reserved", "policy: {reserve: {8: 4}}", 56, 10 * time.Millisecond},
		{"preempted", "preemptible: true", 60, 50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := rig.Busy{Slots: 60, Takes: 10 * time.Second, Policy: c.policy, Low: c.low, High: 4}
			waits, _ := b.Interrupt(t, kafka)
			t.Logf("produced → started: %v", waits)
			if waits[len(waits)-1] > c.limit {
				t.Errorf("a message waited %v, want at most %v", waits[len(waits)-1], c.limit)
			}
		})
	}
}
