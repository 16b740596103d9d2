package actors

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// collector is a handler that works on several messages as on one: it takes all that
// it gets, and answers with what results says, which for nil is done.
type collector struct {
	results func(batch []*boostd.Message) []boostd.Result

	mu      sync.Mutex
	batches []string // offset.attempt of each message
	began   []time.Time
}

func (c *collector) Handle(_ context.Context, work boostd.Work) {
	var all []*boostd.Message
	for m, ok := work.Next(); ok; m, ok = work.Next() {
		all = append(all, m)
	}
	if len(all) == 0 {
		return
	}
	c.mu.Lock()
	var text string
	for _, m := range all {
		text += fmt.Sprintf("%d.%d ", m.Offset, m.Attempt)
	}
	c.batches, c.began = append(c.batches, text), append(c.began, time.Now())
	c.mu.Unlock()
	results := make([]boostd.Result, len(all))
	if c.results != nil {
		copy(results, c.results(all))
	}
	for n, m := range all {
		if results[n].Outcome == 0 {
			results[n].Outcome = boostd.Done
		}
		work.Report(m, results[n])
	}
}

func (c *collector) were(t *testing.T, want ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.batches, want) {
		t.Errorf("the batches were %q, want %q", c.batches, want)
	}
}

// startCollecting runs an engine with a source for each of the levels 0 and 1, ready
// for messages.
func startCollecting(t *testing.T, s setup) (e *Engine, low, high *fakeSource) {
	low, high = newFakeSource(), newFakeSource()
	s.sources = []*fakeSource{low, high}
	e = start(t, s)
	for _, src := range s.sources {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(&boostd.CaughtUp{})
	}
	return e, low, high
}

func TestBatchWaitsForMax(t *testing.T) {
	c := &collector{}
	_, low, _ := startCollecting(t, setup{handler: c, slots: 2, batch: scheduler.Batch{Max: 3, Wait: time.Hour}})
	low.emit(batch(0, 2, 0))
	low.emit(batch(2, 4, 0)) // the slots take two batches, and nothing is left
	low.wait(t, 6)
	c.mu.Lock()
	slices.Sort(c.batches) // two slots
	c.mu.Unlock()
	c.were(t, "0.1 1.1 2.1 ", "3.1 4.1 5.1 ")
}

func TestBatchWaitsNoLongerThanWait(t *testing.T) {
	const wait = 30 * time.Millisecond
	c := &collector{}
	_, low, _ := startCollecting(t, setup{handler: c, batch: scheduler.Batch{Max: 100, Wait: wait}})
	two := batch(0, 2, 0)
	low.emit(two)
	low.wait(t, 2)
	c.were(t, "0.1 1.1 ")
	if waited := c.began[0].Sub(two.Messages[0].FetchedAt); waited < wait {
		t.Errorf("the batch began after %v, want %v", waited, wait)
	}
}

// While no wait is over nothing goes; when something lower has enough, the slot is
// the higher level's, however little that has.
func TestHigherPartOfABatchGoesFirst(t *testing.T) {
	c := &collector{}
	e, low, high := startCollecting(t, setup{handler: c, batch: scheduler.Batch{Max: 2, Wait: time.Hour}})
	low.emit(batch(0, 1, 0))
	high.emit(batch(100, 1, 1))
	awaitQueued(t, e, 2)
	low.emit(batch(1, 1, 0))
	low.wait(t, 2)
	high.wait(t, 1)
	c.were(t, "100.1 ", "0.1 1.1 ")
}

// Of a key whose first message is to come again nothing counts that the handler was
// given with it; the record says so, and the attempts of the others don't count.
func TestKeyFailsInABatch(t *testing.T) {
	var mu sync.Mutex
	var recorded []string
	c := &collector{results: func(all []*boostd.Message) []boostd.Result {
		if all[0].Offset == 0 && all[0].Attempt == 1 {
			return []boostd.Result{{Outcome: boostd.Retry, Reason: "no"}, {}, {Outcome: boostd.Dead, Reason: "too early to say"}, {}}
		}
		return nil
	}}
	_, low, _ := startCollecting(t, setup{handler: c, batch: scheduler.Batch{Max: 4, Wait: 10 * time.Millisecond},
		recorder: recorderFunc(func(_ string, _ int, items []*scheduler.Item) error {
			mu.Lock()
			defer mu.Unlock()
			for _, i := range items {
				recorded = append(recorded, fmt.Sprint(i.Message.Offset, " ", i.Verdict()))
			}
			return nil
		})})
	messages := batch(0, 4, 0)
	for n, key := range []string{"a", "a", "b", "a"} {
		messages.Messages[n].Key = []byte(key)
	}
	low.emit(messages)
	for offset, outcome := range low.wait(t, 4) {
		if outcome != boostd.Done {
			t.Errorf("message %d is settled as %v", offset, outcome)
		}
	}
	c.were(t, "0.1 1.1 3.1 2.1 ", "0.2 1.1 3.1 ")
	mu.Lock()
	defer mu.Unlock()
	want := []string{"0 retry", "1 released", "3 released", "2 done", "0 done", "1 done", "3 done"}
	if !slices.Equal(recorded, want) {
		t.Errorf("recorded %q, want %q", recorded, want)
	}
}

// Neither time nor a higher level cuts a batch that its handler is taking; between
// messages that are reported one by one both do, as ever.
func TestWhatCutsABatch(t *testing.T) {
	for _, c := range []struct {
		name    string
		reports bool // the first message before it takes the second
		want    int
	}{{"taken as a whole", false, 5}, {"one by one", true, 1}} {
		t.Run(c.name, func(t *testing.T) {
			taken, queued, first := make(chan int, 100), make(chan struct{}), true
			e, low, high := startCollecting(t, setup{batch: scheduler.Batch{Max: 5}, handler: workFunc(func(ctx context.Context, work boostd.Work) {
				var all []*boostd.Message
				n := 0
				for m, ok := work.Next(); ok; m, ok = work.Next() {
					if n++; first && n == 1 {
						first = false
						taken <- 0
						<-queued
						<-time.After(3 * scheduler.DefaultSlice)
						if c.reports {
							work.Report(m, done(ctx, m))
							continue
						}
					}
					all = append(all, m)
				}
				for _, m := range all {
					work.Report(m, done(ctx, m))
				}
				taken <- n
			})})
			low.emit(batch(0, 5, 0))
			<-taken
			high.emit(batch(100, 1, 1))
			awaitQueued(t, e, 1)
			close(queued)
			if n := <-taken; n != c.want {
				t.Errorf("%d messages were taken, want %d", n, c.want)
			}
			low.wait(t, 5)
			high.wait(t, 1)
		})
	}
}

// Another batch holds from the next one on.
func TestBatchChanges(t *testing.T) {
	c := &collector{}
	e, low, _ := startCollecting(t, setup{handler: c})
	low.emit(batch(0, 2, 0))
	low.wait(t, 2)
	c.were(t, "0.1 ", "1.1 ")
	change := likeNow(1)
	change[0].Batch = scheduler.Batch{Max: 2, Wait: time.Hour}
	if err := e.Reconfigure(t.Context(), 11, change); err != nil {
		t.Fatal(err)
	}
	low.emit(batch(2, 3, 0))
	low.wait(t, 4)
	c.were(t, "0.1 ", "1.1 ", "2.1 3.1 ")
	change[0].Batch = scheduler.Batch{}
	if err := e.Reconfigure(t.Context(), 11, change); err != nil {
		t.Fatal(err)
	}
	low.wait(t, 5) // it waits for nothing any more
	change[0].Batch = scheduler.Batch{Max: 1, Wait: time.Second}
	if err := e.Reconfigure(t.Context(), 11, change); err == nil {
		t.Error("a wait for a batch of one is taken")
	}
}
