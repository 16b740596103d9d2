package actors

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

func TestTurnsGoByLevel(t *testing.T) {
	turns := newTurns(11)
	turns.dispatched(9)
	turns.dispatched(3)
	if turns.mine(3) || !turns.mine(9) || !turns.mine(10) {
		t.Error("level 9 has not begun: 3 must wait, 9 and 10 must not")
	}
	turns.begun(9)
	if !turns.mine(3) {
		t.Error("level 9 has begun: 3 must not wait")
	}
}

func TestTurnsWakeThoseThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(11)
		turns.dispatched(9)
		begin, woken := time.Now(), make(chan time.Duration, 64)
		for range 64 {
			go func() {
				turns.await(3, turnPatience)
				woken <- time.Since(begin)
			}()
		}
		synctest.Wait()
		turns.begun(9)
		for range 64 {
			if after := <-woken; after != 0 {
				t.Fatalf("woken after %v, want at once", after)
			}
		}
		turns.dispatched(9)
		turns.await(3, turnPatience)
		if after := time.Since(begin); after != turnPatience {
			t.Errorf("gave up after %v, want %v", after, turnPatience)
		}
	})
}

// A batch that was recalled as a whole has no turn to wait for.
func TestRecalledBatchGivesItsSlotBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, wanted := newTurns(11), &atomic.Int64{}
		a := &assignment{turns: turns, wanted: wanted, slice: scheduler.DefaultSlice, deadline: &atomic.Int64{}}
		turns.dispatched(9) // and has not begun
		a.give(scheduler.Dispatch{Level: 3, Items: []*scheduler.Item{{}, {}}}, patience)
		if rest := a.recall(true); len(rest) != 2 {
			t.Fatalf("%d items recalled, want 2", len(rest))
		}
		begin := time.Now()
		a.run(t.Context(), handlerOf(func(work boostd.Work) {
			if _, ok := work.Next(); ok {
				t.Error("a recalled message was started")
			}
		}))
		if took := time.Since(begin); took != 0 {
			t.Errorf("its slot was busy for %v", took)
		}
	})
}

type handlerOf func(boostd.Work)

func (h handlerOf) Handle(_ context.Context, work boostd.Work) { h(work) }

// A recall leaves the message that its worker is about to start, unless it is for
// all.
func TestRecallLeavesTheFirst(t *testing.T) {
	for _, c := range []struct {
		looked int
		all    bool
		left   int
	}{{0, false, 1}, {0, true, 0}, {1, false, 1}, {2, false, 2}, {3, false, 3}} {
		a := &assignment{turns: newTurns(11), items: make([]*scheduler.Item, 3), next: c.looked, end: 3}
		rest := a.recall(c.all)
		if len(rest)+c.left != 3 || len(a.left()) != c.left {
			t.Errorf("%+v: %d recalled, %d left", c, len(rest), len(a.left()))
		}
	}
	if rest := (&assignment{}).recall(false); len(rest) != 0 {
		t.Errorf("%d recalled of nothing", len(rest))
	}
}
