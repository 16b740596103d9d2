package e2e

import (
	"context"
	"sync"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// A second daemon of the same groups joins and leaves under load: nothing is
// lost, nothing is repeated, whoever has the partitions.
func TestSecondDaemonJoinsAndLeaves(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		for _, assignor := range []string{"cooperative-sticky", "range"} {
			t.Run(assignor, func(t *testing.T) {
				t.Parallel()
				s := rig.New(t, c, rig.Options{Min: 10, Partitions: 4, Kafka: "  assignor: " + assignor,
					Handler: "sleep: {max: 10ms}, slots: 8"})
				load, stream := s.Load(t), s.Load(t)
				load.Fill(0, 2000, 100)
				load.Fill(10, 200, 100)
				first := s.Spawn(t)
				ctx, cancel := context.WithCancel(t.Context())
				var streams sync.WaitGroup
				streams.Go(func() { load.Stream(ctx, 0, 500, 100) })
				streams.Go(func() { stream.Stream(ctx, 10, 50, 100) })
				for range 2 {
					second := s.Spawn(t)
					rig.Eventually(t, "the second daemon has partitions", second.Assigned)
					lines := rig.DoneLines{Path: s.AuditPath()}
					before := lines.Count()
					rig.Eventually(t, "both have worked", func() bool { return lines.Count() > before+500 })
					exits(t, second, second.Terminate(), 0)
				}
				cancel()
				streams.Wait()
				load.AwaitDone(load.Ledger.Len() + stream.Ledger.Len())
				exits(t, first, first.Terminate(), 0)
				clean(t, load)
				clean(t, stream)
			})
		}
	})
}
