package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// worker is the actor of one slot. It hands batches to its goroutine, which
// reports them to the scheduler itself, so that a handler never runs in Receive.
type worker struct {
	slot *slot
	run  func(func()) // starts the slot's goroutine under the engine's care
}

// Receive implements actor.Actor.
func (w *worker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		w.run(w.slot.run)
	case *assignment:
		w.slot.work <- m // has room: a slot has one batch at a time
	case *actor.Stopping:
		close(w.slot.work)
	}
}
