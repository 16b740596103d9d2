package actors

import (
	"context"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/kafkaboost/boostd"
)

// An actor that ends although nobody stopped the engine ends the engine: it
// says so, drains of it are given up, and its stop still stops the sources.
func TestUnexpectedEndOfAnActor(t *testing.T) {
	for name, who := range map[string]func(*Engine) *actor.PID{
		"scheduler": func(e *Engine) *actor.PID { return e.sched },
		"consumer":  func(e *Engine) *actor.PID { return e.members[0].pid },
	} {
		t.Run(name, func(t *testing.T) {
			src := newFakeSource()
			e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done)})
			src.emit(&boostd.Assigned{Partitions: only})
			src.emit(batch(0, 10, 0))
			src.emit(&boostd.CaughtUp{})
			src.wait(t, 10)
			e.system.Root.Stop(who(e))
			expectFailure(t, e, "ended unexpectedly")
			select {
			case <-e.Dead():
			case <-time.After(patience):
				t.Error("not called dead")
			}
			e.Drain()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := e.Status(ctx); name == "scheduler" && err == nil {
				t.Error("a dead scheduler has a status")
			}
		})
	}
}
