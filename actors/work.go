package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
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
	rank  boostd.Level
	whole bool // its handler may take all of it at once
	items []*scheduler.Item

	// mu guards next and end between the slot's goroutine, which alone moves
	// next, and the scheduler actor, which recalls: the rest is at and behind end.
	mu   sync.Mutex
	next int // index of the next item to look at
	end  int

	ctx    context.Context
	wanted *atomic.Int64 // the pool's: the level that a slot is wanted for
	turns  *turns        // the pool's
	begun  bool          // it has had its turn
	slice  time.Duration
	// deadline is when the message that runs overruns, Unix nanoseconds, 0 while
	// none runs. The slot's watchdog reads it.
	deadline *atomic.Int64
	timeout  time.Duration

	began    time.Time
	open     int // taken and not reported
	reported int // results are there
	last     int // index of what was reported last
	failures []*scheduler.Item
}

var _ boostd.Work = (*assignment)(nil)

// give makes it the batch of a dispatch. The scheduler actor's.
func (a *assignment) give(d scheduler.Dispatch, timeout time.Duration) {
	a.timeout = timeout
	a.level, a.rank, a.whole, a.items = d.Level, d.Rank, d.Whole, d.Items
	a.next, a.end = 0, len(d.Items)
	a.begun = false
	a.turns.dispatched(d.Level)
}

// begin ends the wait for the batch's turn, once.
func (a *assignment) begin() {
	if !a.begun {
		a.begun = true
		a.turns.begun(a.level)
	}
}

// recall takes away what hasn't been looked at yet, but for the first item unless
// all is set. The scheduler actor's.
func (a *assignment) recall(all bool) []*scheduler.Item {
	a.mu.Lock()
	defer a.mu.Unlock()
	from := a.next
	if !all {
		from = min(max(from, 1), a.end)
	}
	rest := a.items[from:a.end]
	a.end = from
	return rest
}

// left is what wasn't recalled. The scheduler actor's, when it is back.
func (a *assignment) left() []*scheduler.Item { return a.items[:a.end] }

// Next implements boostd.Work. What it passes over stays unstarted and goes
// back to the queue.
func (a *assignment) Next() (*boostd.Message, bool) {
	for {
		// In this order: what is no longer wanted has been dispatched, and has a
		// turn before it begins; what has begun has an earlier time.
		if a.ctx.Err() != nil || !a.collected() && a.wanted.Load() > int64(a.rank) {
			return nil, false
		}
		mine, now := a.turns.mine(a.level), time.Now()
		since := now.Sub(a.began)
		if a.next > 0 && since > 2*a.slice && !a.collected() {
			return nil, false
		}
		if !mine && !a.collected() && since < turnPatience && !a.over() {
			a.turns.await(a.level, turnPatience-since)
			continue
		}
		i := a.advance()
		if i == nil {
			return nil, false
		}
		if a.followsOpen(i) {
			a.stepBack()
			return nil, false
		}
		if a.followsFailure(i) {
			continue
		}
		a.start(i, now)
		return i.Message, true
	}
}

// collected reports whether the handler is taking the batch as a whole: it has begun,
// and has reported nothing. That is one piece of work, which nothing cuts but its end.
func (a *assignment) collected() bool { return a.whole && a.begun && a.reported == 0 }

func (a *assignment) start(i *scheduler.Item, now time.Time) {
	i.StartedAt = now
	if i.ReadyAt.IsZero() {
		i.ReadyAt = now // its predecessor in this batch has just ended, or was taken
	}
	a.begin()
	a.open++
	a.deadline.Store(now.Add(a.timeout).UnixNano())
}

// over reports whether nothing is left to look at: then there is no turn to wait
// for, and a slot to give back.
func (a *assignment) over() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.next == a.end
}

func (a *assignment) advance() *scheduler.Item {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == a.end {
		return nil
	}
	a.next++
	return a.items[a.next-1]
}

// stepBack has the item that advance returned looked at again.
func (a *assignment) stepBack() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next--
}

// followsOpen reports whether a message of the same key is taken and not reported: what
// becomes of that decides on this one. Only what had to wait for another one of its
// batch, and so has no ReadyAt yet, can; in a whole batch the key is together.
func (a *assignment) followsOpen(i *scheduler.Item) bool {
	if a.whole || a.open == 0 || !i.ReadyAt.IsZero() {
		return false
	}
	return slices.ContainsFunc(a.items[:a.next-1], func(o *scheduler.Item) bool {
		return !o.StartedAt.IsZero() && o.Result.Outcome == 0 && i.Follows(o)
	})
}

// Report implements boostd.Work.
func (a *assignment) Report(m *boostd.Message, r boostd.Result) {
	if n := a.last + 1; n < a.next && a.is(n, m) { // as nearly always, of a whole
		a.last = n
		a.report(a.items[n], r)
		return
	}
	for n := a.next - 1; n >= 0; n-- {
		if a.is(n, m) {
			a.last = n
			a.report(a.items[n], r)
			return
		}
	}
}

func (a *assignment) is(n int, m *boostd.Message) bool {
	return a.items[n].Message == m && !a.items[n].StartedAt.IsZero()
}

func (a *assignment) report(i *scheduler.Item, r boostd.Result) {
	if i.Result.Outcome != 0 {
		return // reported already: the first word counts
	}
	switch r.Outcome {
	case boostd.Done:
	case boostd.Retry, boostd.Dead:
		a.failures = append(a.failures, i)
	case boostd.Released:
		i.Void = true
		a.failures = append(a.failures, i)
	default:
		r = boostd.Result{Outcome: boostd.Retry, Reason: fmt.Sprintf("handler reported %v", r.Outcome)}
		a.failures = append(a.failures, i)
	}
	i.Result, i.FinishedAt = r, time.Now()
	i.Preempted = r.Outcome == boostd.Retry && errors.Is(context.Cause(a.ctx), errPreempted)
	i.Interrupted = r.Outcome == boostd.Retry && a.stopped()
	a.open--
	a.reported++
	if a.open == 0 {
		a.deadline.Store(0)
	}
}

// stopped reports whether the batch's context has ended with the daemon's, and
// not for a reason of its own.
func (a *assignment) stopped() bool {
	cause := context.Cause(a.ctx)
	return a.ctx.Err() != nil && !errors.Is(cause, errOverrun) && !errors.Is(cause, errPreempted)
}

// followsFailure reports whether an earlier message of the same key failed: it
// will come again first, so this one must wait.
func (a *assignment) followsFailure(i *scheduler.Item) bool {
	return slices.ContainsFunc(a.failures, i.Follows)
}

// run lets the handler work through the batch. A panic, or a message that the
// handler took and didn't report, is a failed message, never a lost one.
func (a *assignment) run(ctx context.Context, h Handler) (stack string) {
	a.ctx, a.began, a.open, a.failures = ctx, time.Now(), 0, a.failures[:0]
	a.reported, a.last = 0, -1
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
		if a.whole && len(a.failures) > 0 {
			scheduler.Void(a.items[:a.next])
		}
		a.deadline.Store(0)
		a.begin()
	}()
	h.Handle(ctx, a)
	return ""
}

// seen is the part of the batch that was looked at, for the record.
func (a *assignment) seen() []*scheduler.Item { return a.items[:a.next] }
