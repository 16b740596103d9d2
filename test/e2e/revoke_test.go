package e2e

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// A handler that hangs while partitions go to another daemon keeps them for a
// moment only. The other handles its messages; the result that comes too late is
// not committed over that.
func TestStuckHandlerInARebalance(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const messages = 100
		release := make(chan struct{})
		var hanging atomic.Bool
		hanging.Store(true)
		svc := serve(t, func(http.ResponseWriter, *http.Request, request) {
			if hanging.Load() {
				<-release
			}
		})
		s := rig.New(t, c, rig.Options{Min: 10, Max: 10, Partitions: 4, Handler: `http: "` + svc.URL + `", slots: 100, timeout: 1h`})
		load := s.Load(t)
		load.Fill(10, messages, 100)
		hung := s.Spawn(t)
		rig.Eventually(t, "the first daemon hangs in all messages", func() bool { return svc.count() == messages })
		hanging.Store(false)
		other := s.Spawn(t)
		rig.Eventually(t, "the other has partitions", other.Assigned)
		lines := rig.DoneLines{Path: s.AuditPath()}
		rig.Eventually(t, "the other works", func() bool { return lines.Count() > messages/10 })
		if !hung.Says("gave partitions away with messages in flight") {
			t.Error("the first doesn't say that it gave partitions away with messages in flight")
		}
		close(release)
		load.AwaitHandled()
		// What the first did of partitions that it has given away doesn't count: the
		// other must do it, too.
		rig.Eventually(t, "all is committed", func() bool { return s.Done(t) == messages })
		exits(t, hung, hung.Terminate(), 0)
		exits(t, other, other.Terminate(), 0)
		v := load.Verdict()
		t.Log(rig.Describe(v))
		if v.Lost > 0 || v.Duplicates == 0 || v.Duplicates > messages*3/4 {
			t.Errorf("lost %d, repeated %d; want 0, and the messages of the partitions that went", v.Lost, v.Duplicates)
		}
		if done := s.Done(t); done != messages {
			t.Errorf("%d are committed, want %d", done, messages)
		}
	})
}
