package scheduler

import (
	"runtime"
	"testing"

	"github.com/kafkaboost/boostd"
)

// heapSize is what is alive.
func heapSize() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestStragglersKeepLittle fills a window with one message of each of 1,000
// fetches of 256, as low levels of a base topic do under load.
func TestStragglersKeepLittle(t *testing.T) {
	r := newRig(t, 1, Unordered)
	r.fetch(0, tp0, "-:10") // keeps the slot
	before := heapSize()
	for n := range 1000 {
		batch := make([]boostd.Message, 256)
		for i := range batch {
			batch[i] = boostd.Message{Topic: tp0.Topic, Level: 10, Offset: int64(n*256 + i)}
		}
		batch[n%256].Level = 0
		r.apply(r.core.Fetched(r.now, 0, batch))
		for r.out[0][0].Message.Level == 10 && r.core.pools[0].levels[10].queued > 0 {
			items := r.out[0]
			for _, i := range items {
				i.StartedAt, i.FinishedAt, i.Result.Outcome = r.now, r.now, done
			}
			r.apply(r.core.Finished(r.now, 0, 0, items))
		}
	}
	kept := heapSize() - before
	if s := r.core.Status(r.now); s.Consumers[0].Unsettled < 1000 {
		t.Fatalf("%d are left", s.Consumers[0].Unsettled)
	}
	if kept > 12<<20 {
		t.Errorf("1,000 messages keep %d MiB", kept>>20)
	}
}
