package e2e

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// A level that can't catch up delays the start by start_wait and no longer, and
// it is said.
func TestStartWait(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const wait = 3 * time.Second
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 9, Kafka: "  create_topics: false", Extra: "start_wait: " + wait.String()})
		s.EnsureTopics(t, s.Base, s.Topic(9))
		load := s.Load(t)
		load.Fill(0, 20, 100)
		load.Fill(9, 20, 100)
		p := s.Spawn(t)
		load.AwaitHandled()
		first := s.Audit(t)[0]
		waited := first.StartedAt.Sub(p.Began())
		t.Logf("the first message started %v after the process, %v after its fetch", waited, first.StartedAt.Sub(first.FetchedAt))
		if waited < wait {
			t.Errorf("dispatching began %v after the process: want it to wait %v for level 10", waited, wait)
		}
		if first.Level != 9 {
			t.Errorf("the first message is of level %d, want 9", first.Level)
		}
		exits(t, p, p.Terminate(), 0)
		says(t, p, "started without a consumer that has not caught up", `"consumer":"10"`, "dispatching begins")
		clean(t, load)
	})
}

// Without such a level nobody waits for start_wait.
func TestNoStartWaitWhenAllAreThere(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Extra: "start_wait: 1h"})
		load := s.Load(t)
		load.Fill(0, 20, 100)
		p := s.Spawn(t)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}
