package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// ask sends the scheduler a question that carries its own reply channel, and
// waits for the answer or the end of ctx.
func ask[T any](ctx context.Context, e *Engine, what string, question func(reply chan<- T) any) (T, error) {
	reply := make(chan T, 1)
	e.system.Root.Send(e.sched, question(reply))
	select {
	case answer := <-reply:
		return answer, nil
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("%s: the scheduler doesn't answer: %w", what, context.Cause(ctx))
	}
}

// Status is a picture of the scheduler.
func (e *Engine) Status(ctx context.Context) (scheduler.Status, error) {
	return ask(ctx, e, "ask for the status", func(reply chan<- scheduler.Status) any { return &statusRequest{reply} })
}

// PauseLevel pauses a level by hand. It fails for a level that there isn't.
func (e *Engine) PauseLevel(ctx context.Context, p scheduler.Pause) error {
	err, late := ask(ctx, e, "pause a level", func(reply chan<- error) any { return &pauseLevel{p, reply} })
	if late != nil {
		return late
	}
	return err
}

// ResumeLevel ends a pause by hand. It is false when there was none.
func (e *Engine) ResumeLevel(ctx context.Context, level boostd.Level) (was bool, err error) {
	return ask(ctx, e, "resume a level", func(reply chan<- bool) any { return &resumeLevel{level, reply} })
}

// HandlerChange is what can change of a handler's pool while it runs.
type HandlerChange struct {
	scheduler.PoolChange
	// Timeout is how long an attempt may take; those of batches that are out keep the
	// one that they have.
	Timeout time.Duration
}

// Reconfigure changes the number of levels, max_priority + 1, and what is said of
// each handler, in the order of Options.Handlers, between two messages. It fails, and
// changes nothing, where one of them doesn't fit; what becomes of levels and slots
// that are no more is said at scheduler.Core.Reconfigure.
func (e *Engine) Reconfigure(ctx context.Context, levels int, handlers []HandlerChange) error {
	err, late := ask(ctx, e, "change levels and handlers", func(reply chan<- error) any { return &reconfigure{levels, handlers, reply} })
	if late != nil {
		return late
	}
	return err
}

// GroupWork is what a level's whole group has to do of a handler's messages.
type GroupWork struct {
	// Pool is the handler's place in Options.Handlers.
	Pool  scheduler.PoolID
	Level boostd.Level
	scheduler.GroupWork
}

// Group tells the scheduler what levels' groups have to do. It matters with
// Options.Scheduling.Group alone, and waits for nothing.
func (e *Engine) Group(levels []GroupWork) { e.system.Root.Send(e.sched, &groupWork{levels}) }

// Held lists all messages that wait for a person.
func (e *Engine) Held(ctx context.Context) ([]scheduler.HeldMessage, error) {
	return ask(ctx, e, "list held messages", func(reply chan<- []scheduler.HeldMessage) any { return &heldRequest{reply} })
}

// RetryHeld reads a held message anew and handles it, with all its attempts before
// it. The error is boostd.ErrNotHeld where no such message is held here.
func (e *Engine) RetryHeld(ctx context.Context, tp boostd.TopicPartition, offset int64) error {
	return e.resolve(func(s Source) error { return s.Retry(ctx, tp, offset) })
}

// SkipHeld takes a held message for done. Its error is as RetryHeld's.
func (e *Engine) SkipHeld(tp boostd.TopicPartition, offset int64) error {
	return e.resolve(func(s Source) error { return s.Skip(tp, offset) })
}

// resolve asks the Sources for the one that holds a message.
func (e *Engine) resolve(by func(Source) error) error {
	for _, m := range e.team() {
		if err := by(m.source); !errors.Is(err, boostd.ErrNotHeld) {
			return err
		}
	}
	return boostd.ErrNotHeld
}

// SchedulerName is what Turning calls the scheduler; consumers have their own
// names.
const SchedulerName = "scheduler"

// Turning asks every actor that must not stand still whether it turns, and calls
// turned with the name of each that answers, until all have or ctx ends.
func (e *Engine) Turning(ctx context.Context, turned func(name string)) {
	team := e.team()
	replies := make(chan string, 1+len(team)) // so that a late one blocks nobody
	e.system.Root.Send(e.sched, &ping{SchedulerName, replies})
	for _, m := range team {
		e.system.Root.Send(m.pid, &ping{m.name, replies})
	}
	for range cap(replies) {
		select {
		case name := <-replies:
			turned(name)
		case <-ctx.Done():
			return
		}
	}
}
