//go:build acceptance

package acceptance

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// Five minutes in which a plugin is killed about once a second: nothing is lost, and
// only what it had begun is repeated.
func TestPluginsAreKilled(t *testing.T) {
	r := rig.NewNoter(t, kafka, 16, 2*time.Millisecond).Kill(t, 1000, 5*time.Minute)
	t.Logf("%d kills, handled twice %d of %d that may have been; %s", r.Times, r.Repeated, r.Allowed, rig.Describe(r.Verdict))
	if r.Lost+r.Duplicates > 0 || r.Repeated > r.Allowed || r.Times < 100 {
		t.Error("want nothing lost, and no more repeated than was in flight")
	}
}

// A hundred replacements under load: nothing is lost or repeated, and no message waits
// for one.
func TestPluginsAreReplaced(t *testing.T) {
	r := rig.NewNoter(t, kafka, 16, 2*time.Millisecond).Replace(t, 1000, 100)
	t.Logf("%d replacements, longest wait %v; %s", r.Times, r.Longest, rig.Describe(r.Verdict))
	if r.Lost+r.Duplicates+r.Repeated > 0 || r.Crashes > 0 || r.Longest > 100*time.Millisecond {
		t.Errorf("lost %d, repeated %d, crashes %d, longest wait %v", r.Lost, r.Repeated, r.Crashes, r.Longest)
	}
}
