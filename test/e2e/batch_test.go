package e2e

import (
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/test/rig"
)

// A handler with batches gets up to max messages of one level at once, and all of
// them are with it before the first is done; strict priority is kept.
func TestBatches(t *testing.T) {
	onEachAlone(t, func(t *testing.T, c *rig.Cluster) {
		const most, each = 20, 200
		s := rig.New(t, c, rig.Options{Min: 10, Handler: "sleep: {min: 2ms}, slots: 2, batch: {max: 20, wait: 500ms}"})
		load := s.Load(t)
		load.Fill(10, each, 10)
		load.Fill(0, each, 10)
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		strict(t, s, load)
		type place struct {
			worker  int
			at      int64
			attempt int
		}
		batches := map[place][]audit.Record{}
		for _, r := range s.Audit(t) {
			at := place{r.Worker, r.DispatchedAt.UnixNano(), r.Attempt}
			batches[at] = append(batches[at], r)
		}
		sizes := map[boostd.Level][]int{}
		for _, all := range batches {
			for _, r := range all {
				if r.Level != all[0].Level || r.StartedAt.After(all[0].FinishedAt) {
					t.Fatalf("one batch has %+v and %+v", all[0], r)
				}
			}
			sizes[all[0].Level] = append(sizes[all[0].Level], len(all))
		}
		for level, all := range sizes {
			sum, largest := 0, 0
			for _, n := range all {
				sum, largest = sum+n, max(largest, n)
			}
			// What is fetched comes in pieces, and the ends of these wait for others.
			if sum != each || largest != most || len(all) > 2*each/most {
				t.Errorf("level %d came as %v, want about %d batches of %d", level, all, each/most, most)
			}
		}
	})
}
