package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// member is a consumer of the engine.
type member struct {
	name   string
	source Source
	// turn holds one value while somebody changes the member. config and gone
	// belong to whom it lets in, and so do id and pid until ready.
	turn   chan struct{}
	config scheduler.ConsumerConfig
	gone   bool
	id     scheduler.ConsumerID
	pid    *actor.PID
	ready  bool // guarded by Engine.mu: its actor is there, and the scheduler knows it
}

// leaveBudget is what Remove leaves of its time for the Source's own end: a commit,
// and leaving the group.
const leaveBudget = 10 * time.Second

var (
	errStopping = errors.New("the engine stops")
	errDead     = errors.New("an actor has died")
	errNobody   = errors.New("there is no such consumer")
	errTwice    = errors.New("there is one of that name")
)

// ConsumerChange is what can change of a consumer while it runs; other topics are
// its Source's own affair, behind this change.
type ConsumerChange struct {
	Level boostd.Level
	// Orders are those of all its topics.
	Orders map[string]scheduler.Order
	// Resolve replaces the consumer's own; nil leaves it.
	Resolve func(*boostd.Message)
}

// Add starts another consumer, for which nothing that runs has to wait. Its Source
// is not started yet; on an error it isn't used any more, and is the caller's to
// stop. It is refused while there is a consumer of the same name, and after Drain.
func (e *Engine) Add(ctx context.Context, spec ConsumerSpec) error {
	m, err := e.reserve(ctx, spec)
	if err == nil {
		defer m.release()
		if err = e.bringUp(ctx, m, spec); err != nil {
			err = errors.Join(err, e.discard(ctx, m))
		}
	}
	if err != nil {
		return fmt.Errorf("add consumer %s: %w", spec.Name, err)
	}
	return nil
}

// Remove ends a consumer: nothing more of it starts, what is queued goes back to
// its Source, and what runs may finish, until 10 s, or half of the time, before
// ctx ends. Then its Source is stopped, which commits what is settled, and it is
// forgotten. What still runs then comes again to whoever reads its topics. On an
// error of its Source it is gone all the same.
func (e *Engine) Remove(ctx context.Context, name string) error {
	m, err := e.take(ctx, name)
	if err == nil {
		defer m.release()
		e.giveUp(ctx, m)
		err = errors.Join(e.stopSource(ctx, m), e.discard(ctx, m))
	}
	if err != nil {
		return fmt.Errorf("remove consumer %s: %w", name, err)
	}
	return nil
}

// Change gives a consumer another level, orders, and way to resolve levels. What is
// here of it, and partitions that are open, keep what they have.
func (e *Engine) Change(ctx context.Context, name string, change ConsumerChange) error {
	m, err := e.take(ctx, name)
	if err == nil {
		defer m.release()
		err = e.change(ctx, m, change)
	}
	if err != nil {
		return fmt.Errorf("change consumer %s: %w", name, err)
	}
	return nil
}

func (e *Engine) change(ctx context.Context, m *member, change ConsumerChange) error {
	config := m.config
	config.Level, config.Orders = change.Level, change.Orders
	err, late := ask(ctx, e, "change it", func(reply chan<- error) any { return &alter{m.id, config, reply} })
	if err = errors.Join(err, late); err != nil {
		return err
	}
	m.config = config
	if change.Resolve != nil {
		e.system.Root.Send(m.pid, &resolveBy{change.Resolve})
	}
	return nil
}

// member makes one of which nobody knows yet.
func (e *Engine) member(spec ConsumerSpec) *member {
	m := &member{name: spec.Name, source: spec.Source, turn: make(chan struct{}, 1), config: spec.Scheduling}
	m.config.Name = spec.Name
	m.config.Pool = scheduler.PoolID(slices.Index(e.handlers, spec.Handler))
	return m
}

func (e *Engine) consumer(spec ConsumerSpec) *consumer {
	return &consumer{spec: spec, scheduler: e.sched, root: e.system.Root, run: e.tasks.Go, fail: e.fail, logger: e.logger.Named("consumer")}
}

// bringUp makes the member's actor, tells the scheduler, and starts the Source.
func (e *Engine) bringUp(ctx context.Context, m *member, spec ConsumerSpec) error {
	hired := make(chan *actor.PID, 1)
	e.system.Root.Send(e.root, &hire{e.consumer(spec), hired})
	pid, err := await(context.WithoutCancel(ctx), e, hired) // it must not be lost, and doesn't block
	if err != nil {
		return err
	}
	if pid == nil {
		return errStopping
	}
	m.pid = pid
	answer, err := ask(ctx, e, "add it", func(reply chan<- joined) any { return &join{m.config, pid, reply} })
	if err = errors.Join(err, answer.err); err != nil {
		return err
	}
	started := make(chan error, 1)
	e.system.Root.Send(pid, &open{answer.id, func(err error) { started <- err }})
	// Without ctx: a Source that may have started is no longer the caller's. It
	// doesn't block.
	failure, err := await(context.WithoutCancel(ctx), e, started)
	if err = errors.Join(err, failure); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	m.id, m.ready = answer.id, true
	return nil
}

// giveUp waits until nothing is in flight of the member, as long as there is time.
func (e *Engine) giveUp(ctx context.Context, m *member) {
	left := make(chan struct{})
	e.system.Root.Send(m.pid, &giveUp{m.id, left})
	if deadline, limited := ctx.Deadline(); limited {
		part := min(time.Until(deadline)/2, leaveBudget)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-part))
		defer cancel()
	}
	select {
	case <-left:
	case <-e.dead:
	case <-e.stopping:
	case <-ctx.Done():
		e.logger.Warn("consumer is given up with messages in flight: they will come again", "consumer", m.name)
	}
}

// stop is what stops its Source, once, however often it is called.
func (m *member) stop(ctx context.Context, done chan<- error) func() {
	return sync.OnceFunc(func() {
		err := m.source.Stop(ctx)
		if err != nil {
			err = fmt.Errorf("stop consumer %s: %w", m.name, err)
		}
		done <- err
	})
}

// stopSource stops the member's Source behind its last settlements.
func (e *Engine) stopSource(ctx context.Context, m *member) error {
	done := make(chan error, 1)
	stop := m.stop(ctx, done)
	e.system.Root.Send(m.pid, &leave{stop})
	failure, err := await(ctx, e, done)
	if errors.Is(err, errDead) { // nobody may have read that
		stop()
		return <-done
	}
	return errors.Join(failure, err)
}

// discard forgets a member and ends its actor.
func (e *Engine) discard(ctx context.Context, m *member) error {
	m.gone = true
	e.mu.Lock()
	e.members = slices.DeleteFunc(e.members, func(o *member) bool { return o == m })
	e.mu.Unlock()
	if m.pid == nil {
		return nil
	}
	ended := make(chan struct{})
	e.system.Root.Send(e.sched, &forget{m.pid})
	e.system.Root.Send(e.root, &dismiss{m.pid, ended})
	if _, err := await(ctx, e, ended); err != nil && !errors.Is(err, errDead) {
		return fmt.Errorf("wait for its actor's end: %w", err)
	}
	return nil
}

// await waits for an answer, a closed channel's too, an actor's death, or the end
// of ctx.
func await[T any](ctx context.Context, e *Engine, answer <-chan T) (T, error) {
	var none T
	select {
	case a := <-answer:
		return a, nil
	default:
	}
	select {
	case a := <-answer:
		return a, nil
	case <-e.dead:
		return none, errDead
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}
