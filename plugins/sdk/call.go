package sdk

import (
	"context"
	"errors"
	"sync"
	"time"
)

// What context.Cause of a handler's context says.
var (
	errCancelled = errors.New("boostd gives the message up")
	errStopping  = errors.New("the plugin ends")
	errReturned  = errors.New("the handler has returned")
)

// call is the context of one call of a handler. Most handlers never wait for it, so
// that the real context, with its timer, is made when one first does.
type call struct {
	parent   context.Context // the stream's
	deadline time.Time       // zero when there is none

	mu    sync.Mutex
	real  context.Context // nil until it is asked for
	end   context.CancelCauseFunc
	stop  context.CancelFunc // the timer's
	cause error              // why it was ended; nil while it wasn't
}

var _ context.Context = (*call)(nil)

// begin is called once, before the context is used.
func (c *call) begin(parent context.Context, timeout time.Duration) {
	c.parent = parent
	if timeout > 0 {
		c.deadline = time.Now().Add(timeout)
	}
}

// Deadline is when the handler's timeout is over.
func (c *call) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

// Done is closed when the handler should return.
func (c *call) Done() <-chan struct{} { return c.made().Done() }

// Value is the stream's. The standard library finds the real context by it.
func (c *call) Value(key any) any { return c.made().Value(key) }

// Err says whether Done is closed, and why.
func (c *call) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.real != nil:
		return c.real.Err()
	case c.cause != nil:
		return context.Canceled
	case c.parent.Err() != nil:
		return c.parent.Err()
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func (c *call) made() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real != nil {
		return c.real
	}
	c.real, c.end = context.WithCancelCause(c.parent)
	c.stop = func() {}
	if !c.deadline.IsZero() {
		c.real, c.stop = context.WithDeadline(c.real, c.deadline)
	}
	if c.cause != nil {
		c.finish()
	}
	return c.real
}

// cancel ends the context; the first cause counts.
func (c *call) cancel(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return
	}
	c.cause = cause
	if c.real != nil {
		c.finish()
	}
}

func (c *call) finish() {
	c.end(c.cause)
	c.stop()
}

// givenUp reports whether boostd or the end of the process wanted the handler to
// return.
func (c *call) givenUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Is(c.cause, errCancelled) || c.parent.Err() != nil
}
