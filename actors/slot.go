package actors

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/scheduler"
)

// errOverrun is the cause of a cancelled attempt that took longer than its
// timeout.
var errOverrun = errors.New("handler overran its timeout")

// errPreempted is the cause of an attempt that was cancelled because a higher
// level needs its slot.
var errPreempted = errors.New("a higher level needs the slot")

// returnGrace is how long a handler has to return after its cancellation
// before its slot is called stuck.
const returnGrace = time.Second

// slot is the goroutine that a worker's batches run on, and the watchdog of
// their timeouts. The worker actor sends to work and closes it; everything
// else is the goroutine's own.
type slot struct {
	spec   HandlerSpec
	pool   scheduler.PoolID
	index  int // in its pool
	worker int // its number in the audit, over all pools
	work   chan *assignment
	report func(any) // to the scheduler actor
	fail   func(error)
	logger hclog.Logger
	base   context.Context

	deadline atomic.Int64
	mu       sync.Mutex
	cancel   context.CancelCauseFunc
	// cancelled is the deadline whose overrun was answered, so that the second
	// alarm for the same message says that the handler doesn't return.
	cancelled int64
	watchdog  *time.Timer
	wakes     time.Time // when the watchdog goes off
}

// run is the slot's goroutine; it ends when work is closed.
func (s *slot) run() {
	ctx := s.renew()
	for a := range s.work {
		if ctx.Err() != nil && s.base.Err() == nil {
			ctx = s.renew()
		}
		s.watch(a.timeout)
		if stack := a.run(ctx, s.spec.Handler); stack != "" {
			s.logger.Error("handler panicked", "handler", s.spec.Name, "stack", stack)
		}
		if err := s.record(a); err != nil {
			s.fail(err)
		}
		s.report(a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel(nil)
	if s.watchdog != nil {
		s.watchdog.Stop()
	}
}

// preempt cancels what the slot runs. The scheduler actor's, before it gives the
// slot another batch; where the present one has just ended nothing is lost.
func (s *slot) preempt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel(errPreempted)
	}
}

// record writes the attempts down before anybody learns their results.
func (s *slot) record(a *assignment) error {
	if s.spec.Recorder == nil || a.next == 0 {
		return nil
	}
	return s.spec.Recorder.Record(s.spec.Name, s.worker, a.seen())
}

// renew makes the context of the following attempts.
func (s *slot) renew() context.Context {
	ctx, cancel := context.WithCancelCause(s.base)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
	return ctx
}

// watch sees to it that the watchdog goes off within a timeout. It isn't set
// anew for every message: when it goes off early it looks at the deadline and
// goes to sleep again.
func (s *slot) watch(timeout time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchdog == nil || time.Until(s.wakes) > timeout {
		s.sleep(timeout)
	}
}

func (s *slot) sleep(d time.Duration) {
	s.wakes = time.Now().Add(d)
	if s.watchdog == nil {
		s.watchdog = time.AfterFunc(d, s.alarm)
	} else {
		s.watchdog.Reset(d)
	}
}

// alarm is the watchdog's own goroutine.
func (s *slot) alarm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	deadline := s.deadline.Load()
	if deadline == 0 {
		s.watchdog = nil // idle: the next batch sets it going
		return
	}
	left := time.Until(time.Unix(0, deadline))
	switch {
	case left > 0:
		s.sleep(left)
	case s.cancelled != deadline:
		s.cancelled = deadline
		s.cancel(errOverrun)
		s.sleep(returnGrace)
	default:
		s.report(&overrun{s.pool, s.index})
		s.watchdog = nil
	}
}

// Recorder writes finished attempts down. Record is called from the slots'
// goroutines, at the same time; items are the worker's and not to be kept. An
// error ends the daemon: a recorder that may go on without writing says so
// elsewhere and returns nil.
type Recorder interface {
	Record(handler string, worker int, items []*scheduler.Item) error
}
