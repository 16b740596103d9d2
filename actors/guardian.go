package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"
)

// guardian is the parent of all actors. A child that panics or ends although
// nobody stopped it is the end of the daemon: restarting it would lose the
// credit and the messages it held, and half a daemon is worse than none.
type guardian struct {
	spawn  func(actor.Context) // spawns the children, once
	ready  chan struct{}
	fail   func(error)
	ending bool
}

// Receive implements actor.Actor.
func (g *guardian) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		g.spawn(ctx)
		close(g.ready)
	case *actor.Stopping:
		g.ending = true
	case *actor.Terminated:
		if !g.ending {
			g.fail(fmt.Errorf("actor %s ended unexpectedly", m.Who.Id))
		}
	}
}

// fatal is the supervision of everything below the system's root: a panic is
// logged with what it was about, and reported. The actor is stopped.
type fatal struct {
	fail   func(error)
	logger hclog.Logger
}

var _ actor.SupervisorStrategy = (*fatal)(nil)

// HandleFailure implements actor.SupervisorStrategy.
func (f *fatal) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, message any) {
	f.logger.Error("actor panicked", "actor", child.Id, "message", fmt.Sprintf("%T", message), "panic", fmt.Sprint(reason))
	f.fail(fmt.Errorf("actor %s panicked on %T: %v", child.Id, message, reason))
	s.StopChildren(child)
}
