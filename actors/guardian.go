package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"
)

// guardian is the parent of all actors but the workers, which are the scheduler's. A
// child that panics or ends although
// nobody stopped it is the end of the daemon: restarting it would lose the
// credit and the messages it held, and half a daemon is worse than none.
type guardian struct {
	spawn  func(actor.Context) // spawns the children, once
	ready  chan struct{}
	fail   func(error)
	ending bool
	// dismissed are those that end because they were asked to, by ID.
	dismissed map[string]chan<- struct{}
}

// Receive implements actor.Actor.
func (g *guardian) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		g.spawn(ctx)
		close(g.ready)
	case *hire:
		if g.ending { // it would be stopped by nobody
			close(m.reply)
			return
		}
		m.reply <- child(ctx, m.actor)
	case *dismiss:
		g.dismissed[m.pid.Id] = m.ended
		ctx.Unwatch(m.pid) // a parent is told once without that
		ctx.Stop(m.pid)
	case *actor.Stopping:
		g.ending = true
	case *actor.Terminated:
		g.ended(m.Who)
	}
}

// ended tells who dismissed an actor; of another one it is the daemon's end.
func (g *guardian) ended(who *actor.PID) {
	ended, asked := g.dismissed[who.Id]
	switch {
	case asked:
		delete(g.dismissed, who.Id)
		close(ended)
	case !g.ending:
		g.fail(fmt.Errorf("actor %s ended unexpectedly", who.Id))
	}
}

// child spawns an actor below the one whose context it is, and watches it.
func child(ctx actor.Context, a actor.Actor, options ...actor.PropsOption) *actor.PID {
	pid := ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { return a }, options...))
	ctx.Watch(pid)
	return pid
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
