package actors

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

func mustChange(t *testing.T, e *Engine, handlers []HandlerChange) {
	t.Helper()
	if err := e.Reconfigure(t.Context(), 11, handlers); err != nil {
		t.Fatal(err)
	}
}

// awaitWorkers waits until there are so many worker actors.
func awaitWorkers(t *testing.T, e *Engine, want int) {
	t.Helper()
	for limit := time.Now().Add(patience); ; {
		got := 0
		for _, bucket := range e.system.ProcessRegistry.LocalPIDs.LocalPIDs {
			for _, id := range bucket.Keys() {
				if strings.HasPrefix(id, e.sched.Id+"/") { // its children
					got++
				}
			}
		}
		if got == want {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("there are %d workers, want %d", got, want)
		}
	}
}

// TestMoreAndFewerSlots: more start at once; fewer finish what they have, nothing
// starts meanwhile, and their workers end.
func TestMoreAndFewerSlots(t *testing.T) {
	h, running, release := holding()
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: h, slots: 2})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	src.emit(batch(0, 30, 0))
	starts := func(n int) {
		t.Helper()
		for range n {
			select {
			case <-running:
			case <-time.After(patience):
				t.Fatal("a slot has nothing to do")
			}
		}
		if s := status(t, e); len(running) > 0 {
			t.Fatalf("%d more are running, of %d slots", len(running), s.Pools[0].Slots)
		}
	}
	starts(2)
	mustChange(t, e, likeNow(8))
	starts(6)
	mustChange(t, e, likeNow(1))
	if s := status(t, e).Pools[0]; s.Slots != 1 || s.Busy != 8 {
		t.Errorf("%d slots, %d busy; want 1 and 8", s.Slots, s.Busy)
	}
	for done := 1; done <= 7; done++ {
		release <- struct{}{}
		src.wait(t, done)
		starts(0)
	}
	release <- struct{}{}
	starts(1)
	awaitWorkers(t, e, 1)
	mustChange(t, e, likeNow(3))
	starts(2)
	awaitWorkers(t, e, 3)
	close(release)
	src.wait(t, 30)
}

// TestTimeoutAndRetryChange: the next attempts have the other timeout, and there are
// no more of them than are asked for.
func TestTimeoutAndRetryChange(t *testing.T) {
	src := newFakeSource()
	var began atomic.Int64
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
		if began.Add(1); m.Offset == 0 {
			return done(ctx, m)
		}
		<-ctx.Done()
		return boostd.Result{Outcome: boostd.Retry, Reason: context.Cause(ctx).Error()}
	})})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	src.emit(batch(0, 1, 0)) // with it the watchdog is set to the old timeout
	src.wait(t, 1)
	change := likeNow(1)
	change[0].Timeout, change[0].Retry.Attempts = 20*time.Millisecond, 2
	mustChange(t, e, change)
	src.emit(batch(1, 1, 0))
	if o := src.wait(t, 2)[1]; o != boostd.Held || began.Load() != 3 {
		t.Errorf("it ends as %v after %d attempts, want held after 2", o, began.Load()-1)
	}
}

// TestSlotsChangeUnderLoad: nothing is lost or settled twice, and the record knows
// each attempt's verdict.
func TestSlotsChangeUnderLoad(t *testing.T) {
	low, high := newFakeSource(), newFakeSource()
	var recorded, inFlight, most atomic.Int64
	e := start(t, setup{sources: []*fakeSource{low, high}, slots: 2, preemptible: true,
		handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
			for n := inFlight.Add(1); ; {
				if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			defer inFlight.Add(-1)
			if m.Offset%7 == 0 && m.Attempt == 1 {
				return boostd.Result{Outcome: boostd.Retry, Reason: "the first one"}
			}
			return done(ctx, m)
		}),
		recorder: recorderFunc(func(_ string, _ int, items []*scheduler.Item) error {
			for _, i := range items {
				if v := i.Verdict(); !i.StartedAt.IsZero() && v == boostd.Done {
					recorded.Add(1)
				}
			}
			return nil
		})})
	const rounds, each = 60, 50
	for _, src := range []*fakeSource{low, high} {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(&boostd.CaughtUp{})
	}
	var loads sync.WaitGroup
	for level, src := range []*fakeSource{low, high} {
		loads.Go(func() {
			for n := range rounds {
				src.emit(batch(n*each, each, boostd.Level(level)))
				src.reach(t, (n+1)*each)
			}
		})
	}
	ended := make(chan struct{})
	go func() { loads.Wait(); close(ended) }()
	for n := 0; ; n++ {
		select {
		case <-ended:
			if got := recorded.Load(); got != 2*rounds*each {
				t.Errorf("%d are recorded as done, want %d", got, 2*rounds*each)
			}
			if n := most.Load(); n > 16 {
				t.Errorf("%d were in flight at once, with at most 16 slots", n)
			}
			awaitWorkers(t, e, status(t, e).Pools[0].Slots)
			return
		default:
		}
		change := likeNow([]int{2, 8, 1, 16, 3}[n%5])
		change[0].Retry.Attempts, change[0].Preemptible = 2+n%3, n%2 == 0
		mustChange(t, e, change)
	}
}
