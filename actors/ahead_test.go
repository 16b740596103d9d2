package actors

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/kafkaboost/boostd"
)

// A handler that takes messages ahead of its results still gets those of one key one
// after the other: the second only when the first is done.
func TestTakenAheadInTheOrderOfKeys(t *testing.T) {
	var mu sync.Mutex
	var begun []int64
	most, failed := 0, map[int64]bool{}
	ahead := workFunc(func(_ context.Context, work boostd.Work) {
		var taken []*boostd.Message
		for {
			m, ok := work.Next()
			if ok {
				mu.Lock()
				begun = append(begun, m.Offset)
				mu.Unlock()
				taken = append(taken, m)
				most = max(most, len(taken))
				continue
			}
			if len(taken) == 0 {
				return
			}
			for _, m := range taken {
				r := boostd.Result{Outcome: boostd.Done}
				if m.Offset%10 == 3 && !failed[m.Offset] {
					failed[m.Offset] = true
					r = boostd.Result{Outcome: boostd.Retry, Reason: "once"}
				}
				work.Report(m, r)
			}
			taken = taken[:0]
		}
	})
	src := newFakeSource()
	start(t, setup{sources: []*fakeSource{src}, handler: ahead})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	const messages, keys = 3000, 30
	for from := 0; from < messages; from += 100 {
		b := batch(from, 100, 0)
		for n := range b.Messages {
			b.Messages[n].Key = []byte{byte((from + n) % keys)}
		}
		src.emit(b)
	}
	src.wait(t, messages)
	mu.Lock()
	defer mu.Unlock()
	for key := range int64(keys) {
		of := slices.DeleteFunc(slices.Clone(begun), func(offset int64) bool { return offset%keys != key })
		if !slices.IsSorted(of) {
			t.Errorf("of key %d began %v", key, of)
		}
	}
	if most < 2 || most > keys {
		t.Errorf("at most %d were taken at once, want several, of %d keys", most, keys)
	}
}
