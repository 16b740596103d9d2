package actors

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// attempts notes which level's attempts begin, with their number.
type attempts struct {
	mu  sync.Mutex
	all [][2]int
}

func (a *attempts) begin(m *boostd.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, [2]int{int(m.Level), m.Attempt})
}

func (a *attempts) are(t *testing.T, want ...[2]int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.all, want) {
		t.Errorf("attempts (level, number) were %v, want %v", a.all, want)
	}
}

// awaitQueued waits until so many messages are queued in the only pool.
func awaitQueued(t *testing.T, e *Engine, want int) {
	t.Helper()
	for limit := time.Now().Add(patience); ; {
		s, err := e.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		queued := 0
		for _, l := range s.Pools[0].Levels {
			queued += l.Queued
		}
		if queued == want {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d messages are queued, want %d", queued, want)
		}
	}
}

// A handler that heeds its context gives the only slot back, and its message is
// tried again without having lost an attempt; the slot's next batches live.
func TestPreemption(t *testing.T) {
	low, high := newFakeSource(), newFakeSource()
	var seen attempts
	running := make(chan struct{}, 1)
	hangs := true
	start(t, setup{sources: []*fakeSource{low, high}, preemptible: true, handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
		seen.begin(m)
		if m.Level == 0 && hangs {
			running <- struct{}{}
			<-ctx.Done()
			hangs = false
			return boostd.Result{Outcome: boostd.Retry, Reason: context.Cause(ctx).Error()}
		}
		return boostd.Result{Outcome: boostd.Done}
	})})
	for _, src := range []*fakeSource{low, high} {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(&boostd.CaughtUp{})
	}
	low.emit(batch(0, 1, 0))
	<-running
	high.emit(batch(10, 3, 1))
	high.reach(t, 3)
	if got := low.wait(t, 1); got[0] != boostd.Done {
		t.Errorf("the preempted message was settled as %v", got[0])
	}
	seen.are(t, [2]int{0, 1}, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}, [2]int{0, 1})
}

// A message that the handler gives back comes again at once, and has lost no attempt;
// those of its key behind it wait for it.
func TestGivenBack(t *testing.T) {
	src := newFakeSource()
	var seen attempts
	returned := false
	start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(func(_ context.Context, m *boostd.Message) boostd.Result {
		seen.begin(m)
		if m.Offset == 0 && !returned {
			returned = true
			return boostd.Result{Outcome: boostd.Released, Reason: "its process was lost"}
		}
		return boostd.Result{Outcome: boostd.Done}
	})})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	src.emit(batch(0, 2, 0))
	for offset, outcome := range src.wait(t, 2) {
		if outcome != boostd.Done {
			t.Errorf("message %d was settled as %v", offset, outcome)
		}
	}
	if n := len(seen.all); n != 3 || seen.all[n-1][1] != 1 {
		t.Errorf("attempts (level, number) were %v, want three first ones", seen.all)
	}
}

// A handler that doesn't heed it goes on, and what it did counts.
func TestPreemptionThatIsIgnored(t *testing.T) {
	low, high := newFakeSource(), newFakeSource()
	var seen attempts
	asked, running := make(chan struct{}), make(chan struct{})
	start(t, setup{sources: []*fakeSource{low, high}, preemptible: true, handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
		seen.begin(m)
		if m.Level == 0 {
			close(running)
			<-ctx.Done()
			close(asked)
		}
		return boostd.Result{Outcome: boostd.Done}
	})})
	for _, src := range []*fakeSource{low, high} {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(&boostd.CaughtUp{})
	}
	low.emit(batch(0, 1, 0))
	<-running
	high.emit(batch(10, 1, 1))
	low.wait(t, 1)
	high.wait(t, 1)
	<-asked
	seen.are(t, [2]int{0, 1}, [2]int{1, 1})
}

// What is overdue goes first, and isn't handed back for what is higher.
func TestOverdueGoesFirst(t *testing.T) {
	low, high := newFakeSource(), newFakeSource()
	var seen attempts
	release, running := make(chan struct{}), make(chan struct{}, 1)
	e := start(t, setup{sources: []*fakeSource{low, high}, policy: scheduler.Policy{MaxWait: time.Hour}, handler: handlerFunc(func(_ context.Context, m *boostd.Message) boostd.Result {
		seen.begin(m)
		if m.Offset == 99 {
			running <- struct{}{}
			<-release
		}
		return boostd.Result{Outcome: boostd.Done}
	})})
	for _, src := range []*fakeSource{low, high} {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(&boostd.CaughtUp{})
	}
	high.emit(batch(99, 1, 1))
	<-running
	high.emit(batch(10, 2, 1))
	old := batch(0, 2, 0)
	for n := range old.Messages {
		old.Messages[n].FetchedAt = time.Now().Add(-2 * time.Hour)
	}
	low.emit(old)
	awaitQueued(t, e, 4)
	close(release)
	low.wait(t, 2)
	high.wait(t, 3)
	seen.are(t, [2]int{1, 1}, [2]int{0, 1}, [2]int{0, 1}, [2]int{1, 1}, [2]int{1, 1})
}
