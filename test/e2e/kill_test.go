package e2e

import (
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// kill -9 in a full backlog loses nothing; what is repeated was done and not
// committed yet, or in flight.
func TestKillInABacklog(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const messages, slots = 6000, 8
		s := rig.New(t, c, rig.Options{Min: 10, Handler: "sleep: {max: 10ms}, slots: 8",
			// So that the group needn't wait for the dead member for long.
			Kafka: `  properties: {session.timeout.ms: "6000"}`})
		load := s.Load(t)
		load.Fill(0, messages/2, 100)
		load.Fill(10, messages/2, 100)
		lines := rig.DoneLines{Path: s.AuditPath()}
		bound, committed := 0, int64(0)
		for kills := 1; kills <= 2; kills++ {
			p := s.Spawn(t)
			rig.Eventually(t, "a part is done, and some of it committed", func() bool {
				return lines.Count() >= kills*messages/5 && s.Done(t) > committed
			})
			p.Kill()
			committed = s.Done(t)
			b := s.RepeatBound(t)
			t.Logf("kill %d after %d done; %d are committed, %d are done and not committed", kills, lines.Count(), committed, b)
			bound += b + slots
		}
		p := s.Spawn(t)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		v := load.Verdict()
		t.Logf("lost %d; repeated %d, bound %d", v.Lost, v.Duplicates, bound)
		if v.Lost > 0 || v.Duplicates > bound {
			t.Error("lost messages, or more repeated than the bound allows")
		}
		for tp, offset := range s.Committed(t) {
			if end := load.End(tp); offset > end {
				t.Errorf("%v is committed at %d, its end is %d", tp, offset, end)
			}
		}
	})
}
