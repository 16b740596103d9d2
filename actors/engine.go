package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// HandlerSpec is one handler and its pool of slots.
type HandlerSpec struct {
	Name    string
	Handler Handler
	Slots   int
	// Timeout is how long one attempt may take before it is cancelled.
	Timeout time.Duration
	Retry   scheduler.Retry
	// Policy is valid for its slots and Options.Levels.
	Policy      scheduler.Policy
	Preemptible bool
	// Batch is for a handler that takes several messages before it reports them.
	Batch scheduler.Batch
	// DeadLetters is where messages go whose last attempt has failed; nil: they are
	// held.
	DeadLetters DeadLetters
	// Recorder gets every finished attempt; nil for none.
	Recorder Recorder
}

// ConsumerSpec is one priority consumer.
type ConsumerSpec struct {
	Source Source
	// Handler is the name of the handler that its messages go to.
	Handler string
	// Scheduling is what the scheduler knows of it; Pool is filled in.
	Scheduling scheduler.ConsumerConfig
	// Resolve sets the level of a message. Called from the consumer's actor.
	Resolve func(*boostd.Message)
	// Name is Scheduling.Name.
	Name string
}

// Options are what an Engine is made of.
type Options struct {
	Scheduling scheduler.Config
	// Levels is max_priority + 1.
	Levels    int
	Handlers  []HandlerSpec
	Consumers []ConsumerSpec
	// Paused are levels that are paused by hand from the beginning; one that
	// doesn't exist is left out, with a warning.
	Paused []scheduler.Pause
	Logger hclog.Logger
}

// Engine is the running actor system. Its methods are safe from any goroutine. What
// changes one consumer (Add, Remove, Change) happens one after the other; several
// may come and go at the same time.
type Engine struct {
	logger hclog.Logger
	system *actor.ActorSystem
	root   *actor.PID // the guardian
	sched  *actor.PID
	ticker *fineTicker
	tasks  sync.WaitGroup
	cancel context.CancelCauseFunc // ends every handler's context
	failed chan error
	dead   chan struct{} // closed when an actor has died
	died   sync.Once

	handlers []string // names, by pool
	mu       sync.Mutex
	members  []*member
	stopping chan struct{} // closed when Stop begins
	stop     sync.Once
	stopped  error
}

// Start brings the actors up and lets the sources begin. On an error nothing
// is left running.
func Start(o Options) (*Engine, error) {
	core := scheduler.New(o.Scheduling)
	base, cancel := context.WithCancelCause(context.Background())
	e := &Engine{logger: o.Logger, cancel: cancel, failed: make(chan error, 1), dead: make(chan struct{}), stopping: make(chan struct{})}
	e.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(toHclog{o.Logger.Named("actors")})
	}))
	for _, h := range o.Handlers {
		e.handlers = append(e.handlers, h.Name)
	}
	sched := &schedulerActor{core: core, paused: o.Paused, seats: map[scheduler.ConsumerID]*seat{}, dismissed: map[string]bool{}, logger: o.Logger.Named("scheduler")}
	err := e.pools(base, core, sched, o)
	if err == nil {
		err = e.addConsumers(core, o)
	}
	if err != nil {
		cancel(err)
		return nil, err
	}
	if e.ticker, err = newFineTicker(); err != nil {
		o.Logger.Warn("work that ends with a timer ends a little later than it could", "error", err)
	}
	sched.ticker = e.ticker
	e.tasks.Go(e.ticker.run)
	e.spawn(sched, o)
	e.system.Root.Send(e.sched, &begin{})
	for _, m := range e.members {
		e.system.Root.Send(m.pid, &open{m.id, func(err error) {
			if err != nil {
				e.fail(fmt.Errorf("start consumer %s: %w", m.name, err))
			}
		}})
	}
	return e, nil
}

// pools makes each handler's pool, and the crew of its slots.
func (e *Engine) pools(base context.Context, core *scheduler.Core, sched *schedulerActor, o Options) error {
	number := 0
	for _, h := range o.Handlers {
		config := scheduler.PoolConfig{Name: h.Name, Slots: h.Slots, Levels: o.Levels, Retry: h.Retry, DeadLetters: h.DeadLetters != nil, Slice: scheduler.DefaultSlice,
			Policy: h.Policy, Preemptible: h.Preemptible, Batch: h.Batch}
		id, err := core.AddPool(config)
		if err != nil {
			return err
		}
		c := &crew{
			spec: h, pool: id, base: base, slice: config.Slice, timeout: h.Timeout, wanted: &atomic.Int64{}, turns: newTurns(o.Levels),
			number: func() int { number++; return number - 1 }, run: e.tasks.Go, fail: e.fail, logger: o.Logger.Named("worker"),
		}
		c.wanted.Store(int64(scheduler.None))
		sched.crews = append(sched.crews, c)
	}
	return nil
}

// addConsumers tells the core about the consumers.
func (e *Engine) addConsumers(core *scheduler.Core, o Options) error {
	for _, spec := range o.Consumers {
		m := e.member(spec)
		var err error
		if m.id, err = core.AddConsumer(m.config); err != nil {
			return err
		}
		m.ready = true
		e.members = append(e.members, m)
	}
	return nil
}

// spawn starts the guardian and, below it, every other actor.
func (e *Engine) spawn(sched *schedulerActor, o Options) {
	died := func(err error) {
		e.fail(err)
		e.died.Do(func() { close(e.dead) })
	}
	strategy := &fatal{died, o.Logger}
	sched.died = died
	g := &guardian{ready: make(chan struct{}), fail: died, dismissed: map[string]chan<- struct{}{}}
	g.spawn = func(ctx actor.Context) {
		e.sched = child(ctx, sched, actor.WithSupervisor(strategy))
		for n, m := range e.members {
			m.pid = child(ctx, e.consumer(o.Consumers[n]))
			sched.seats[m.id] = &seat{name: m.name, pid: m.pid}
		}
	}
	e.root = e.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return g },
		actor.WithSupervisor(strategy), actor.WithGuardian(strategy)))
	<-g.ready
}

// fail notes the first thing that ends the daemon.
func (e *Engine) fail(err error) {
	select {
	case e.failed <- err:
	default:
	}
}

// Failed yields at most one error: an actor's death, a source that ended, a
// recorder that must not fail. The engine isn't whole any more.
func (e *Engine) Failed() <-chan error { return e.failed }

// Dead is closed when an actor has died: then nobody answers Drain any more.
func (e *Engine) Dead() <-chan struct{} { return e.dead }

// Drain ends fetching for good and finishes what is in flight. The rest goes back
// to its source unhandled.
// The channel is closed once nothing is here.
// Called once.
func (e *Engine) Drain() (idle <-chan struct{}) {
	done := make(chan struct{})
	e.system.Root.Send(e.sched, &drain{done})
	return done
}

// Cancel ends every handler's context. It is for after Drain.
func (e *Engine) Cancel(cause error) { e.cancel(cause) }

// Stop stops the sources, which commit what is settled, in parallel, and then
// the actors. It returns when all goroutines have ended or ctx has; what still
// hangs is abandoned and named in the error. It waits for what is under way of Add,
// Remove and Change, and none of them begins any more. Called again it waits for
// the first call and returns its error.
func (e *Engine) Stop(ctx context.Context) error {
	e.stop.Do(func() {
		e.mu.Lock()
		close(e.stopping)
		e.mu.Unlock()
		err := e.stopConsumers(ctx)
		e.stopped = errors.Join(err, e.end(ctx))
	})
	return e.stopped
}

func (e *Engine) stopConsumers(ctx context.Context) error {
	members, err := e.settleMembers(ctx)
	if err != nil {
		return err
	}
	done := make(chan error, len(members))
	stops := make([]func(), len(members))
	for n, m := range members { // behind the last settlements, in the same mailbox
		stops[n] = m.stop(ctx, done)
		e.system.Root.Send(m.pid, &leave{stops[n]})
	}
	var errs []error
	dead := e.dead
	for len(errs) < len(stops) {
		select {
		case err := <-done:
			errs = append(errs, err)
		case <-dead: // nobody may have read that
			dead = nil
			for _, stop := range stops {
				e.tasks.Go(stop)
			}
		case <-ctx.Done():
			return errors.Join(append(errs, fmt.Errorf("stop the consumers: %w", context.Cause(ctx)))...)
		}
	}
	return errors.Join(errs...)
}

// end stops the actors and waits for the goroutines.
func (e *Engine) end(ctx context.Context) error {
	e.cancel(errors.New("the daemon stops"))
	stopped := e.system.Root.StopFuture(e.root)
	ended := make(chan struct{})
	var waiter sync.WaitGroup // its goroutine ends with the last task, or with the process
	waiter.Go(func() {
		_ = stopped.Wait() // an actor that has just been made may still start a task
		e.tasks.Wait()
		close(ended)
	})
	select {
	case <-ended:
		e.system.Shutdown()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for handlers to return: %w", context.Cause(ctx))
	}
}
