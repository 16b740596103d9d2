package actors

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// consumer is the actor of one priority consumer, between its Source and the
// scheduler.
type consumer struct {
	id        scheduler.ConsumerID // from open on
	spec      ConsumerSpec
	scheduler *actor.PID
	root      *actor.RootContext // the Source's goroutine sends through it
	run       func(func())
	fail      func(error)
	logger    hclog.Logger
	leaving   bool
}

// Receive implements actor.Actor.
func (c *consumer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *open:
		c.id = m.id
		m.started(c.spec.Source.Start(c.emitTo(ctx.Self())))
	case *boostd.Batch:
		for n := range m.Messages {
			c.spec.Resolve(&m.Messages[n])
		}
		c.forward(ctx, m)
	case *boostd.Assigned, *boostd.Revoking, *boostd.Lost, *boostd.Unheld, *boostd.CaughtUp, *boostd.Backlog:
		c.forward(ctx, m)
	case *boostd.Trouble:
		c.trouble(m)
	case *boostd.Stopped:
		c.stopped(m)
	case *settle:
		c.spec.Source.Settle(m.Settlements)
		ctx.Send(c.scheduler, m) // to be used again
	case *pause:
		c.spec.Source.SetPaused(m.paused)
	case *drained:
		c.spec.Source.Drained(m.partitions)
	case *ping:
		m.reply <- m.name
	case *resolveBy:
		c.spec.Resolve = m.resolve
	case *giveUp:
		c.leaving = true // its Source may end from now on
		ctx.Send(c.scheduler, m)
	case *leave:
		c.leave(m)
	}
}

// emitTo is what the Source's goroutine calls.
func (c *consumer) emitTo(self *actor.PID) func(any) {
	return func(event any) { c.root.Send(self, event) }
}

func (c *consumer) forward(ctx actor.Context, event any) {
	ctx.Send(c.scheduler, &fromSource{c.id, event})
}

// trouble is no more than an echo: what stands is an alarm, which is told once.
func (c *consumer) trouble(t *boostd.Trouble) {
	if t.Err == nil {
		c.logger.Debug("trouble is over", "consumer", c.spec.Name, "kind", t.Kind)
		return
	}
	c.logger.Debug("consumer has trouble and goes on", "consumer", c.spec.Name, "kind", t.Kind, "error", t.Err)
}

var errSourceEnded = errors.New("its source ended by itself")

func (c *consumer) stopped(s *boostd.Stopped) {
	if c.leaving {
		return
	}
	err := s.Err
	if err == nil {
		err = errSourceEnded
	}
	c.fail(fmt.Errorf("consumer %s: %w", c.spec.Name, err))
}

// leave stops the Source off the actor's goroutine: it commits and may block.
func (c *consumer) leave(m *leave) {
	c.leaving = true
	c.run(m.stop)
}
