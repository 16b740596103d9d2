package actors

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// assignment is one slot's batch: it implements boostd.Work for the handler.
// There is one for each slot, used again and again; it belongs to the slot's
// goroutine from the worker's channel until it is sent back, and to the
// scheduler actor at all other times.
type assignment struct {
	pool  scheduler.PoolID
	slot  int
	level boostd.Level
	items []*scheduler.Item

	ctx    context.Context
	wanted *atomic.Int64 // the pool's: the level that a slot is wanted for
	floor  *atomic.Int64 // the pool's: the lowest level that a slot is busy with
	slice  time.Duration
	// deadline is when the message that runs overruns, Unix nanoseconds, 0 while
	// none runs. The slot's watchdog reads it.
	deadline *atomic.Int64
	timeout  time.Duration

	began    time.Time
	next     int // index of the next item to look at
	open     int // taken and not reported
	failures []*scheduler.Item
}

var _ boostd.Work = (*assignment)(nil)

// Next implements boostd.Work. What it passes over stays unstarted and goes
// back to the queue.
func (a *assignment) Next() (*boostd.Message, bool) {
	for a.next < len(a.items) {
		now := time.Now()
		if a.ctx.Err() != nil || a.wanted.Load() > int64(a.level) || a.next > 0 && a.outstayed(now.Sub(a.began)) {
			return nil, false
		}
		i := a.items[a.next]
		a.next++
		if a.followsFailure(i) {
			continue
		}
		i.StartedAt = now
		if i.ReadyAt.IsZero() {
			i.ReadyAt = now // its predecessor in this batch has just ended
		}
		a.open++
		a.deadline.Store(now.Add(a.timeout).UnixNano())
		return i.Message, true
	}
	return nil, false
}

// outstayed reports whether the rest is better off in the queue: the batch has
// had twice its time, or other slots idle or do lower work meanwhile.
func (a *assignment) outstayed(since time.Duration) bool {
	return since > 2*a.slice || since > 2*scheduler.MinShare && a.floor.Load() < int64(a.level)
}

// Report implements boostd.Work.
func (a *assignment) Report(m *boostd.Message, r boostd.Result) {
	for n := a.next - 1; n >= 0; n-- {
		if i := a.items[n]; i.Message == m && !i.StartedAt.IsZero() {
			a.report(i, r)
			return
		}
	}
}

func (a *assignment) report(i *scheduler.Item, r boostd.Result) {
	if i.Result.Outcome != 0 {
		return // reported already: the first word counts
	}
	switch r.Outcome {
	case boostd.Done:
	case boostd.Retry, boostd.Dead:
		a.failures = append(a.failures, i)
	default:
		r = boostd.Result{Outcome: boostd.Retry, Reason: fmt.Sprintf("handler reported %v", r.Outcome)}
		a.failures = append(a.failures, i)
	}
	i.Result, i.FinishedAt = r, time.Now()
	a.open--
	if a.open == 0 {
		a.deadline.Store(0)
	}
}

// followsFailure reports whether an earlier message of the same key failed: it
// will come again first, so this one must wait.
func (a *assignment) followsFailure(i *scheduler.Item) bool {
	for _, f := range a.failures {
		if i.Follows(f) {
			return true
		}
	}
	return false
}

// run lets the handler work through the batch. A panic, or a message that the
// handler took and didn't report, is a failed message, never a lost one.
func (a *assignment) run(ctx context.Context, h Handler) (stack string) {
	a.ctx, a.began, a.next, a.open, a.failures = ctx, time.Now(), 0, 0, a.failures[:0]
	reason := "handler returned without a result"
	defer func() {
		if p := recover(); p != nil {
			reason = fmt.Sprintf("handler panicked: %.200v", p)
			stack = string(debug.Stack())
		}
		for _, i := range a.items[:a.next] {
			if !i.StartedAt.IsZero() {
				a.report(i, boostd.Result{Outcome: boostd.Retry, Reason: reason})
			}
		}
		a.deadline.Store(0)
	}()
	h.Handle(ctx, a)
	return ""
}

// started is the part of the batch that was started, for the record.
func (a *assignment) started() []*scheduler.Item { return a.items[:a.next] }
