package e2e

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// A plugin that is killed again and again loses nothing, and repeats no more than it
// had begun.
func TestPluginIsKilled(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		r := rig.NewNoter(t, c, 8, 2*time.Millisecond).Kill(t, 400, 20*time.Second)
		t.Logf("%d kills, %d crashes, handled twice %d of %d that may have been; %s", r.Times, r.Crashes, r.Repeated, r.Allowed, rig.Describe(r.Verdict))
		if r.Lost+r.Duplicates > 0 || r.Repeated > r.Allowed || r.Times < 5 || r.Crashes < uint64(r.Times) {
			t.Error("want nothing lost, and no more repeated than was in flight")
		}
	})
}
