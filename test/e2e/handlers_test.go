package e2e

import (
	"net/http"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// A handler of which every slot hangs delays no message of another handler, at
// any level; its own come once it goes on.
func TestStuckHandlerDelaysNoOther(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		release := make(chan struct{})
		svc := serve(t, func(http.ResponseWriter, *http.Request, request) { <-release })
		s := rig.New(t, c, rig.Options{Min: 9, Partitions: 1,
			Handler: `http: "` + svc.URL + `", slots: 2, timeout: 1h`, Other: "noop: {}, slots: 2"})
		load := s.Load(t)
		load.Fill(10, 1500, 100) // more than a window
		load.Fill(0, 100, 100)
		_, stop := s.Start(t)
		rig.Eventually(t, "the handler hangs in both slots", func() bool { return svc.count() == 2 })
		other := s.Load(t)
		for _, topic := range []string{s.OtherBase, s.OtherBase + "_9", s.OtherBase + "_10"} {
			for range 2000 { // more than a window, too
				other.Send(rig.Message{Topic: topic})
			}
		}
		other.Flush()
		other.AwaitHandled()
		if svc.count() != 2 {
			t.Errorf("the stuck handler got %d messages meanwhile, want 2", svc.count())
		}
		close(release)
		load.AwaitDone(load.Ledger.Len() + other.Ledger.Len())
		stop()
		clean(t, load)
		clean(t, other)
		for _, r := range s.Audit(t) {
			want := "work"
			if r.Topic == s.OtherBase || r.Topic == s.OtherBase+"_9" || r.Topic == s.OtherBase+"_10" {
				want = "other"
			}
			if r.Handler != want {
				t.Fatalf("a message of %s went to handler %s", r.Topic, r.Handler)
			}
		}
	})
}
