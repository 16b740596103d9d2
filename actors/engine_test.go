package actors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

const patience = 10 * time.Second

// fakeSource emits what a test gives it and remembers what was settled.
type fakeSource struct {
	mu      sync.Mutex
	emit    func(any)
	begun   chan struct{}
	settled map[int64]boostd.Outcome
	paused  bool
	drained chan []boostd.TopicPartition
	changed chan struct{} // closed and replaced on every settlement

	refuse error                       // of Start
	onStop func(context.Context) error // before it ends
	stops  int                         // calls of Stop
}

// reach waits until n messages are settled.
func (f *fakeSource) reach(t testing.TB, n int) {
	t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		changed, have := f.changed, len(f.settled)
		f.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d of %d messages settled in %v", have, n, patience)
		}
	}
}

func newFakeSource() *fakeSource {
	return &fakeSource{begun: make(chan struct{}), settled: map[int64]boostd.Outcome{},
		drained: make(chan []boostd.TopicPartition, 10), changed: make(chan struct{})}
}

func (f *fakeSource) SetPaused(p bool) { f.mu.Lock(); defer f.mu.Unlock(); f.paused = p }

func (f *fakeSource) Retry(context.Context, boostd.TopicPartition, int64) error {
	return boostd.ErrNotHeld
}
func (f *fakeSource) Skip(boostd.TopicPartition, int64) error { return boostd.ErrNotHeld }
func (f *fakeSource) Status() boostd.SourceStatus             { return boostd.SourceStatus{} }

func (f *fakeSource) Start(emit func(any)) error {
	if f.refuse != nil {
		return f.refuse
	}
	f.emit = emit
	close(f.begun)
	return nil
}

func (f *fakeSource) Stop(ctx context.Context) (err error) {
	f.mu.Lock()
	f.stops++
	f.mu.Unlock()
	if f.onStop != nil {
		err = f.onStop(ctx)
	}
	f.emit(&boostd.Stopped{Err: err})
	return err
}

func (f *fakeSource) Drained(tps []boostd.TopicPartition) { f.drained <- tps }

func (f *fakeSource) Settle(settled []boostd.Settlement) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range settled {
		if s.Outcome != boostd.Retry { // one that stays
			f.settled[s.Message.Offset] = s.Outcome
		}
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// wait returns the settlements once there are n.
func (f *fakeSource) wait(t testing.TB, n int) map[int64]boostd.Outcome {
	t.Helper()
	f.reach(t, n)
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.settled)
}

func batch(from, n int, level boostd.Level) *boostd.Batch {
	b := &boostd.Batch{}
	for i := range n {
		b.Messages = append(b.Messages, boostd.Message{Topic: "t", Offset: int64(from + i), Level: level,
			Key: fmt.Append(nil, from+i), FetchedAt: time.Now()})
	}
	return b
}

var only = []boostd.TopicPartition{{Topic: "t"}}

type handlerFunc func(ctx context.Context, m *boostd.Message) boostd.Result

func (h handlerFunc) Handle(ctx context.Context, work boostd.Work) {
	for m, ok := work.Next(); ok; m, ok = work.Next() {
		work.Report(m, h(ctx, m))
	}
}

type workFunc func(context.Context, boostd.Work)

func (h workFunc) Handle(ctx context.Context, work boostd.Work) { h(ctx, work) }

func done(context.Context, *boostd.Message) boostd.Result {
	return boostd.Result{Outcome: boostd.Done}
}

type setup struct {
	handler  Handler
	slots    int
	timeout  time.Duration
	recorder Recorder
	resolve  func(*boostd.Message)
	sources  []*fakeSource

	preemptible bool
	batch       scheduler.Batch
	policy      scheduler.Policy
	group       bool
}

var testRetry = scheduler.Retry{Attempts: 3, Backoff: time.Millisecond, MaxBackoff: time.Millisecond}

// start runs an engine whose consumers 0, 1, … have the levels 0, 1, ….
func start(t testing.TB, s setup) *Engine { return startWith(t, s, func(*Options) {}) }

func startWith(t testing.TB, s setup, change func(*Options)) *Engine {
	t.Helper()
	o := Options{Levels: 11, Logger: hclog.NewNullLogger(), Scheduling: scheduler.Config{StartWait: patience, Gate: true, Group: s.group}}
	o.Handlers = []HandlerSpec{{Name: "h", Handler: s.handler, Slots: max(s.slots, 1), Timeout: max(s.timeout, 10*time.Millisecond),
		Recorder: s.recorder, Preemptible: s.preemptible, Batch: s.batch, Policy: s.policy, Retry: testRetry}}
	if s.timeout == 0 {
		o.Handlers[0].Timeout = patience
	}
	if s.resolve == nil {
		s.resolve = func(*boostd.Message) {}
	}
	for n, src := range s.sources {
		o.Consumers = append(o.Consumers, ConsumerSpec{Name: fmt.Sprint("level ", n), Handler: "h", Source: src, Resolve: s.resolve,
			Scheduling: scheduler.ConsumerConfig{Level: boostd.Level(n), Window: scheduler.DefaultWindow}})
	}
	change(&o)
	e, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		e.Cancel(errors.New("test is over"))
		if err := e.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	for _, src := range s.sources {
		<-src.begun
	}
	return e
}

func expectFailure(t *testing.T, e *Engine, text string) {
	t.Helper()
	select {
	case err := <-e.Failed():
		if !strings.Contains(err.Error(), text) {
			t.Fatalf("failed with %q, want %q in it", err, text)
		}
	case <-time.After(patience):
		t.Fatalf("no failure, want %q", text)
	}
}

func TestHighestFirst(t *testing.T) {
	var mu sync.Mutex
	var order []boostd.Level
	sources := []*fakeSource{newFakeSource(), newFakeSource(), newFakeSource()}
	start(t, setup{sources: sources, handler: handlerFunc(func(_ context.Context, m *boostd.Message) boostd.Result {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, m.Level)
		return boostd.Result{Outcome: boostd.Done}
	})})
	for n, s := range sources { // lowest first: nothing may start before all are there
		s.emit(&boostd.Assigned{Partitions: only})
		s.emit(batch(0, 50, boostd.Level(n)))
		s.emit(&boostd.CaughtUp{})
	}
	for _, s := range sources {
		s.wait(t, 50)
	}
	for n, l := range order {
		if want := boostd.Level(2 - n/50); l != want {
			t.Fatalf("message %d has level %d, want %d", n, l, want)
		}
	}
}

func TestFailures(t *testing.T) {
	fail := func(kind string) Handler {
		return workFunc(func(ctx context.Context, work boostd.Work) {
			for m, ok := work.Next(); ok; m, ok = work.Next() {
				if m.Offset%10 != 3 {
					work.Report(m, done(ctx, m))
					continue
				}
				switch kind {
				case "panics":
					panic("no")
				case "reports nothing":
				case "errs":
					work.Report(m, boostd.Result{Outcome: boostd.Retry, Reason: "no"})
				case "gives up":
					work.Report(m, boostd.Result{Outcome: boostd.Dead, Reason: "no"})
				case "reports nonsense":
					work.Report(m, boostd.Result{Outcome: 77})
				case "hangs past its timeout":
					<-ctx.Done()
					work.Report(m, boostd.Result{Outcome: boostd.Retry, Reason: context.Cause(ctx).Error()})
				}
			}
		})
	}
	for _, kind := range []string{"panics", "reports nothing", "errs", "gives up", "reports nonsense", "hangs past its timeout"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			src := newFakeSource()
			e := start(t, setup{sources: []*fakeSource{src}, slots: 4, timeout: 50 * time.Millisecond, handler: fail(kind)})
			src.emit(&boostd.Assigned{Partitions: only})
			src.emit(batch(0, 100, 0))
			src.emit(&boostd.CaughtUp{})
			for offset, outcome := range src.wait(t, 100) {
				want := boostd.Done
				if offset%10 == 3 {
					want = boostd.Held
				}
				if outcome != want {
					t.Errorf("message %d: %v, want %v", offset, outcome, want)
				}
			}
			s, err := e.Status(t.Context())
			if err != nil || len(s.Held) != 10 || s.Held[0].Reason == "" || s.Consumers[0].Held != 10 {
				t.Errorf("status shows held messages %v, error %v", s.Held, err)
			}
		})
	}
}

func TestStuckHandlerIsShownAndOthersGoOn(t *testing.T) {
	src, release := newFakeSource(), make(chan struct{})
	e := start(t, setup{sources: []*fakeSource{src}, slots: 2, timeout: 20 * time.Millisecond,
		handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
			if m.Offset == 0 {
				<-release // ignores ctx
			}
			return done(ctx, m)
		})})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(batch(0, 100, 0))
	src.emit(&boostd.CaughtUp{})
	src.wait(t, 99)
	deadline := time.Now().Add(patience)
	for s, _ := e.Status(t.Context()); s.Pools[0].Stuck != 1; s, _ = e.Status(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatal("status shows no stuck slot")
		}
	}
	close(release)
	src.wait(t, 100)
	if s, _ := e.Status(t.Context()); s.Pools[0].Stuck != 0 {
		t.Error("the slot has returned and is still shown as stuck")
	}
}

func TestDeathOfAnActorEndsTheEngine(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done),
		resolve: func(*boostd.Message) { panic("resolver broke") }})
	src.emit(batch(0, 1, 0))
	expectFailure(t, e, "panicked on *boostd.Batch: resolver broke")
}

func TestEndOfASourceEndsTheEngine(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done)})
	src.emit(&boostd.Stopped{Err: errors.New("fenced")})
	expectFailure(t, e, "consumer level 0: fenced")
}

type recorderFunc func(string, int, []*scheduler.Item) error

func (r recorderFunc) Record(h string, w int, items []*scheduler.Item) error { return r(h, w, items) }

func TestRecordComesBeforeResult(t *testing.T) {
	src := newFakeSource()
	var recorded atomic.Int64
	start(t, setup{sources: []*fakeSource{src}, slots: 3, handler: handlerFunc(done),
		recorder: recorderFunc(func(h string, w int, items []*scheduler.Item) error {
			for _, i := range items {
				src.mu.Lock()
				_, settled := src.settled[i.Message.Offset]
				src.mu.Unlock()
				if settled || h != "h" || w < 0 || w > 2 || i.Verdict() != boostd.Done || i.FinishedAt.Before(i.StartedAt) {
					t.Errorf("record of %v by %s/%d: settled %v", i.Message, h, w, settled)
				}
				recorded.Add(1)
			}
			return nil
		})})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(batch(0, 200, 0))
	src.emit(&boostd.CaughtUp{})
	src.wait(t, 200)
	if n := recorded.Load(); n != 200 {
		t.Errorf("%d attempts recorded, want 200", n)
	}
}

func TestRecorderThatMustNotFailEndsTheEngine(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done),
		recorder: recorderFunc(func(string, int, []*scheduler.Item) error { return errors.New("disk full") })})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(batch(0, 1, 0))
	src.emit(&boostd.CaughtUp{})
	expectFailure(t, e, "disk full")
}

func TestDrainFinishesWhatRunsAndReleasesTheRest(t *testing.T) {
	src, running, release := newFakeSource(), make(chan struct{}, 8), make(chan struct{})
	e := start(t, setup{sources: []*fakeSource{src}, slots: 2, handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
		running <- struct{}{}
		<-release
		return done(ctx, m)
	})})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(batch(0, 20, 0))
	src.emit(&boostd.CaughtUp{})
	<-running
	<-running
	idle := e.Drain()
	src.wait(t, 18)
	close(release)
	select {
	case <-idle:
	case <-time.After(patience):
		t.Fatal("never idle")
	}
	count := map[boostd.Outcome]int{}
	for _, o := range src.wait(t, 20) {
		count[o]++
	}
	if count[boostd.Done] != 2 || count[boostd.Released] != 18 {
		t.Errorf("outcomes %v; want 2 done, 18 released", count)
	}
}

func TestRevokeDrainsThePartition(t *testing.T) {
	src, running, release := newFakeSource(), make(chan struct{}, 8), make(chan struct{})
	start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
		running <- struct{}{}
		<-release
		return done(ctx, m)
	})})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(batch(0, 5, 0))
	src.emit(&boostd.CaughtUp{})
	<-running
	src.emit(&boostd.Revoking{Partitions: only, Deadline: time.Now().Add(patience)})
	src.wait(t, 4)
	select {
	case <-src.drained:
		t.Fatal("drained with a message in flight")
	default:
	}
	close(release)
	select {
	case <-src.drained:
	case <-time.After(patience):
		t.Fatal("never drained")
	}
	if o := src.wait(t, 5)[0]; o != boostd.Done {
		t.Errorf("the message that ran was settled as %v before the answer, want done", o)
	}
}
