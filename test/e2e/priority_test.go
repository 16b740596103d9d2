package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// What waits when the daemon starts is handled strictly by level, although the
// lower levels were produced first and their consumers may be there earlier.
func TestHighestLevelFirstAtStart(t *testing.T) {
	onEachAlone(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 5, Handler: "noop: {}, slots: 1"})
		load := s.Load(t)
		load.Fill(5, 200, 100)
		load.Fill(10, 200, 100)
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		for n, r := range s.Audit(t)[:200] {
			if r.Level != 10 {
				t.Fatalf("message %d that started is of level %d, want 10", n+1, r.Level)
			}
		}
		strict(t, s, load)
	})
}

// While a backlog of low messages is worked off, high ones go first, and none is
// lost or repeated.
func TestHighMessagesOvertakeABacklog(t *testing.T) {
	onEachAlone(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 5, Handler: "sleep: {min: 1ms}, slots: 8"})
		load := s.Load(t)
		load.Fill(0, 10_000, 100)
		load.Fill(6, 2_000, 100)
		_, stop := s.Start(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		load.Stream(ctx, 10, 50, 100)
		load.AwaitHandled()
		stop()
		strict(t, s, load)
	})
}
