package actors

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// crew is a handler's workers, as the scheduler actor has them, and what they are
// made with. The scheduler actor's alone, but for wanted and turns.
type crew struct {
	spec    HandlerSpec
	pool    scheduler.PoolID
	timeout time.Duration // of an attempt, from the next batch on
	posts   []post        // by slot; those of slots that there were stay
	base    context.Context
	slice   time.Duration
	wanted  *atomic.Int64 // read by the slots between messages
	turns   *turns
	number  func() int // a worker's in the audit, over all pools
	run     func(func())
	fail    func(error)
	logger  hclog.Logger
}

// post is one slot.
type post struct {
	worker  *actor.PID
	batch   *assignment // used again and again
	preempt func()
	number  int
}

// hire gives a slot its worker. Called from the scheduler actor, whose child it is.
func (c *crew) hire(ctx actor.Context, slot int) {
	for len(c.posts) <= slot {
		c.posts = append(c.posts, post{number: -1})
	}
	p := &c.posts[slot]
	if p.number < 0 { // a slot that comes again is the same one in the audit
		p.number = c.number()
	}
	s := c.slot(slot, p.number)
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.report = func(m any) { root.Send(self, m) }
	p.preempt = s.preempt
	p.batch = &assignment{pool: c.pool, slot: slot, wanted: c.wanted, turns: c.turns, slice: c.slice, deadline: &s.deadline}
	p.worker = child(ctx, &worker{s, c.run})
}

func (c *crew) slot(index, number int) *slot {
	return &slot{
		spec: c.spec, pool: c.pool, index: index, worker: number, base: c.base, work: make(chan *assignment, 1),
		fail: c.fail, logger: c.logger,
	}
}

// want tells the slots which level they are wanted for, and reports whether that is
// a higher one than before.
func (c *crew) want(level boostd.Level) bool {
	return c.wanted.Swap(int64(level)) < int64(level)
}

// hireAll gives each slot that there is from the beginning its worker.
func (s *schedulerActor) hireAll(ctx actor.Context) {
	for _, c := range s.crews {
		for slot := range c.spec.Slots {
			c.hire(ctx, slot)
		}
	}
}

// dismiss ends the worker of a slot that is no more; it has nothing to do.
func (s *schedulerActor) dismiss(ctx actor.Context, id scheduler.SlotID) {
	pid := s.crews[id.Pool].posts[id.Slot].worker
	s.dismissed[pid.Id] = true
	ctx.Unwatch(pid) // a parent is told once without that
	ctx.Stop(pid)
}

// ended notes a worker's end. Of one that nobody dismissed it is the daemon's.
func (s *schedulerActor) ended(who *actor.PID) {
	asked := s.dismissed[who.Id]
	delete(s.dismissed, who.Id)
	if !asked && !s.ending {
		s.died(fmt.Errorf("actor %s ended unexpectedly", who.Id))
	}
}
