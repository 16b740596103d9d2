package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// Consumer is a Source that outlives its clients. One that is beyond help is
// abandoned and replaced, and no other consumer notices: it has ended with an
// error that isn't the configuration's, or a commit of it has not returned for a
// long time although brokers answer. It implements actors.Source.
type Consumer struct {
	o      SourceOptions
	logger hclog.Logger
	tasks  sync.WaitGroup
	ended  chan error    // of the current client; holds one
	stop   chan struct{} // closed by Stop
	paused atomic.Bool

	current atomic.Pointer[Source]
	// emitting is held while something is emitted, so that nothing of a client
	// comes after its successor has begun.
	emitting sync.Mutex
	emit     func(any)

	subscribing sync.Mutex // guards topics, and their order of going to clients
	topics      []string   // of the last SetTopics; nil those of o
}

const (
	// stuckCommit is how long a commit may be under way while brokers answer: the
	// client's own longest wait, with a coordinator that hangs, was 30 s.
	stuckCommit = time.Minute
	// renewalPause is the least time between two replacements.
	renewalPause = 10 * time.Second
	// renewalStands is how long it is a trouble that there was one.
	renewalStands = 10 * time.Minute
)

// NewConsumer makes the first client; its errors are NewSource's.
func NewConsumer(o SourceOptions) (*Consumer, error) {
	s, err := NewSource(o)
	if err != nil {
		return nil, err
	}
	c := &Consumer{o: s.o, logger: s.logger, ended: make(chan error, 1), stop: make(chan struct{})}
	c.current.Store(s)
	return c, nil
}

// Start implements actors.Source.
func (c *Consumer) Start(emit func(event any)) error {
	c.emit = emit
	s := c.current.Load()
	if err := s.Start(c.from(s)); err != nil {
		return err
	}
	c.tasks.Go(c.watch)
	return nil
}

// from passes on what a client emits while it is the current one.
func (c *Consumer) from(s *Source) func(any) {
	return func(event any) {
		c.emitting.Lock()
		defer c.emitting.Unlock()
		if c.current.Load() != s {
			return
		}
		if e, ok := event.(*boostd.Stopped); ok && errors.Is(e.Err, errClientEnded) {
			c.ended <- e.Err // has room: a client ends once
			return
		}
		c.emit(event)
	}
}

// watch replaces the client when that is all that helps.
func (c *Consumer) watch() {
	tick := time.NewTicker(c.o.StuckCommit / 10)
	defer tick.Stop()
	var last time.Time
	var reason error
	for {
		select {
		case <-c.stop:
			return
		case reason = <-c.ended:
		case now := <-tick.C:
			if reason == nil {
				reason = c.current.Load().beyondHelp(now)
			}
		}
		if reason != nil && time.Since(last) > c.o.RenewalPause {
			last = time.Now()
			if err := c.replace(reason); err != nil {
				c.logger.Error("client is beyond help and can't be replaced yet", "reason", reason, "error", err)
				continue
			}
			reason = nil
		}
	}
}

// beyondHelp says why the client should be replaced.
func (s *Source) beyondHelp(now time.Time) error {
	began := s.committing.Load()
	if began == 0 {
		return nil
	}
	pending := now.Sub(time.Unix(0, began))
	if pending < s.o.StuckCommit || s.o.Probe != nil && !s.o.Probe.answers(now) {
		return nil
	}
	return fmt.Errorf("a commit has not returned for %v, and brokers answer", pending.Round(time.Second))
}

// replace starts another client and leaves the old one to its end. What it had in
// flight is repeated, as after a lost assignment.
func (c *Consumer) replace(reason error) error {
	old := c.current.Load()
	old.mu.Lock()
	tracker := old.tracker.Successor()
	old.mu.Unlock()
	next, err := newSource(c.o, tracker)
	if err != nil {
		return err
	}
	c.logger.Error("client is beyond help and is replaced: what it had in flight is repeated", "reason", reason)
	next.SetPaused(c.paused.Load())
	c.emitting.Lock()
	lost := old.partitions()
	c.current.Store(next)
	c.emit(&boostd.Lost{Partitions: lost})
	c.emitting.Unlock()
	c.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*c.o.CommitTimeout)
		defer cancel()
		if err := old.Stop(ctx); err != nil {
			c.logger.Warn("the replaced client could not be ended and is abandoned", "error", err)
		}
	})
	if err := errors.Join(c.passTopics(next), next.Start(c.from(next))); err != nil {
		return err
	}
	next.setTrouble("client", fmt.Errorf("group %s: its client was replaced, what was in flight is repeated: %w", c.o.Group, reason))
	next.renewed.Reset(renewalStands)
	return nil
}

// Settle implements actors.Source. Messages of an earlier client are forgotten with
// it.
func (c *Consumer) Settle(settled []boostd.Settlement) {
	s := c.current.Load()
	s.Settle(slices.DeleteFunc(settled, func(one boostd.Settlement) bool { return one.Message.Epoch <= s.before }))
}

// Write is Source.Write, of the current client.
func (c *Consumer) Write(ctx context.Context, m *boostd.Message, r Record, ack Ack) error {
	return c.current.Load().Write(ctx, m, r, ack)
}

// Drained implements actors.Source.
func (c *Consumer) Drained(partitions []boostd.TopicPartition) {
	c.current.Load().Drained(partitions)
}

// SetPaused implements actors.Source.
func (c *Consumer) SetPaused(paused bool) {
	c.paused.Store(paused)
	c.current.Load().SetPaused(paused)
}

// SetTopics is Source.SetTopics; clients that come later read these topics too.
func (c *Consumer) SetTopics(topics []string) error {
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	if err := c.current.Load().SetTopics(topics); err != nil {
		return err
	}
	c.topics = slices.Clone(topics)
	return nil
}

// passTopics gives the current client what an earlier one was told, or would have
// been: it was made with the first topics.
func (c *Consumer) passTopics(s *Source) error {
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	if c.topics == nil {
		return nil
	}
	return s.SetTopics(c.topics)
}

// Retry implements actors.Source.
func (c *Consumer) Retry(ctx context.Context, tp boostd.TopicPartition, offset int64) error {
	return c.current.Load().Retry(ctx, tp, offset)
}

// Skip implements actors.Source.
func (c *Consumer) Skip(tp boostd.TopicPartition, offset int64) error {
	return c.current.Load().Skip(tp, offset)
}

// Status implements actors.Source.
func (c *Consumer) Status() boostd.SourceStatus { return c.current.Load().Status() }

// Stop implements actors.Source.
func (c *Consumer) Stop(ctx context.Context) error {
	select {
	case <-c.stop:
		return nil
	default:
	}
	close(c.stop)
	err := c.current.Load().Stop(ctx)
	ended := make(chan struct{})
	var waiter sync.WaitGroup // its goroutine ends with the last task, or with the process
	waiter.Go(func() { c.tasks.Wait(); close(ended) })
	select {
	case <-ended:
		return err
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("wait for a replaced client: %w", context.Cause(ctx)))
	}
}
