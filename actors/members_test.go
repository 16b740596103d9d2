package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// newcomer is a consumer of level n with a topic of its own.
func newcomer(n int, src Source) ConsumerSpec {
	return ConsumerSpec{Name: fmt.Sprint("level ", n), Handler: "h", Source: src, Resolve: func(*boostd.Message) {},
		Scheduling: scheduler.ConsumerConfig{Level: boostd.Level(n), Window: scheduler.DefaultWindow}}
}

func mustAdd(t testing.TB, e *Engine, spec ConsumerSpec) {
	t.Helper()
	if err := e.Add(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
}

func mustRemove(t testing.TB, e *Engine, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := e.Remove(ctx, name); err != nil {
		t.Fatal(err)
	}
}

// names are the consumers' as everybody tells them.
func names(t testing.TB, e *Engine) []string {
	t.Helper()
	var turning, inStatus, team []string
	e.Turning(t.Context(), func(name string) { turning = append(turning, name) })
	s, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range s.Consumers {
		inStatus = append(inStatus, k.Name)
	}
	for _, m := range e.team() {
		team = append(team, m.name)
	}
	turning = slices.DeleteFunc(turning, func(name string) bool { return name == SchedulerName })
	slices.Sort(turning)
	slices.Sort(inStatus)
	slices.Sort(team)
	if !slices.Equal(turning, inStatus) || !slices.Equal(turning, team) {
		t.Errorf("these turn: %v; status has %v, and the engine %v", turning, inStatus, team)
	}
	return turning
}

// holding is a handler that says what it begins, and waits for leave to end it.
func holding() (h Handler, running chan *boostd.Message, release chan struct{}) {
	running, release = make(chan *boostd.Message, 1000), make(chan struct{})
	return handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
		running <- m
		<-release
		return done(ctx, m)
	}), running, release
}

func TestAdd(t *testing.T) {
	first, second := newFakeSource(), newFakeSource()
	e := start(t, setup{sources: []*fakeSource{first}, handler: handlerFunc(done)})
	first.emit(&boostd.Assigned{Partitions: only})
	first.emit(&boostd.CaughtUp{})
	first.emit(batch(0, 10, 0))
	first.wait(t, 10)
	mustAdd(t, e, newcomer(7, second))
	<-second.begun
	first.emit(batch(10, 10, 0)) // it doesn't wait for the other's first assignment
	first.wait(t, 20)
	second.emit(&boostd.Assigned{Partitions: only})
	second.emit(batch(0, 10, 7))
	second.wait(t, 10)
	if got := names(t, e); !slices.Equal(got, []string{"level 0", "level 7"}) {
		t.Errorf("there are %v", got)
	}
}

// TestAddOfAPausedLevel: its Source is told before it fetches anything.
func TestAddOfAPausedLevel(t *testing.T) {
	e := start(t, setup{handler: handlerFunc(done)})
	if err := e.PauseLevel(t.Context(), scheduler.Pause{Level: 7}); err != nil {
		t.Fatal(err)
	}
	src := newFakeSource()
	mustAdd(t, e, newcomer(7, src))
	src.mu.Lock()
	defer src.mu.Unlock()
	if !src.paused {
		t.Error("the level is paused by hand, and its new Source isn't")
	}
}

func TestAddIsRefused(t *testing.T) {
	e := start(t, setup{sources: []*fakeSource{newFakeSource()}, handler: handlerFunc(done)})
	broken := newFakeSource()
	broken.refuse = errors.New("no such group")
	for text, spec := range map[string]ConsumerSpec{
		"add consumer level 0: there is one of that name":                                 newcomer(0, newFakeSource()),
		`add consumer level 11: add consumer "level 11": level 11 is outside 0 to 10`:     newcomer(11, newFakeSource()),
		"add consumer level 3: no such group":                                             newcomer(3, broken),
		`add consumer other: add consumer "other": there is no pool -1`:                   {Name: "other", Handler: "none", Source: newFakeSource()},
		`add consumer narrow: add consumer "narrow": its window must hold at least one m`: {Name: "narrow", Handler: "h", Source: newFakeSource()},
	} {
		if err := e.Add(t.Context(), spec); err == nil || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("%v; want %q", err, text)
		}
	}
	if got := names(t, e); !slices.Equal(got, []string{"level 0"}) {
		t.Errorf("there are %v", got)
	}
	mustAdd(t, e, newcomer(3, newFakeSource())) // its name is free again
	<-e.Drain()
	late := newFakeSource()
	if err := e.Add(t.Context(), newcomer(4, late)); err == nil || !strings.Contains(err.Error(), "drained") {
		t.Errorf("after a drain: %v", err)
	}
	select {
	case err := <-e.Failed():
		t.Errorf("the engine fails with %v", err)
	case <-late.begun:
		t.Error("a Source was started after a drain")
	default:
	}
}

// TestRemove: what runs is done before the Source is stopped, what is queued goes
// back, others go on, and the name is free again.
func TestRemove(t *testing.T) {
	h, running, release := holding()
	first, second := newFakeSource(), newFakeSource()
	e := start(t, setup{sources: []*fakeSource{first, second}, handler: h, slots: 2})
	var atStop map[int64]boostd.Outcome
	second.onStop = func(context.Context) error {
		atStop = second.wait(t, 6)
		return errors.New("left with an error") // as its last word: nobody's failure but Remove's
	}
	for n, src := range []*fakeSource{first, second} {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(batch(0, 6-5*(1-n), boostd.Level(n)))
	}
	for _, src := range []*fakeSource{first, second} {
		src.emit(&boostd.CaughtUp{})
	}
	<-running
	<-running
	removed := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() { removed <- e.Remove(ctx, "level 1") }()
	second.reach(t, 4)
	if s := second.stopCalls(); s != 0 {
		t.Error("the Source was stopped while its messages run")
	}
	close(release)
	err := <-removed
	if err == nil || err.Error() != "remove consumer level 1: stop consumer level 1: left with an error" {
		t.Errorf("removed with %v", err)
	}
	count := map[boostd.Outcome]int{}
	for _, o := range atStop {
		count[o]++
	}
	if count[boostd.Done] != 2 || count[boostd.Released] != 4 {
		t.Errorf("before its stop %v; want 2 done, 4 released", count)
	}
	first.wait(t, 1)
	if got := names(t, e); !slices.Equal(got, []string{"level 0"}) {
		t.Errorf("there are %v", got)
	}
	select {
	case err := <-e.Failed():
		t.Errorf("the engine fails with %v", err)
	default:
	}
	if err := e.Remove(t.Context(), "level 1"); !errors.Is(err, errNobody) {
		t.Errorf("removed twice: %v", err)
	}
	third := newFakeSource()
	mustAdd(t, e, newcomer(1, third))
	third.emit(&boostd.Assigned{Partitions: only})
	third.emit(batch(0, 1, 1))
	third.wait(t, 1)
}

func (f *fakeSource) stopCalls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stops
}

// TestRemoveOfASourceThatRevokes: it waits for the answer in its own stop.
func TestRemoveOfASourceThatRevokes(t *testing.T) {
	src := newFakeSource()
	src.onStop = func(ctx context.Context) error {
		src.emit(&boostd.Revoking{Partitions: only, Deadline: time.Now().Add(patience)})
		select {
		case <-src.drained:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done)})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(batch(0, 10, 0))
	mustRemove(t, e, "level 0")
	if got := names(t, e); len(got) > 0 {
		t.Errorf("there are %v", got)
	}
}

// TestRemoveWaitsNoLongerThanItMay: a handler that goes on doesn't keep the Source
// from its commit, and its result is nobody's any more.
func TestRemoveWaitsNoLongerThanItMay(t *testing.T) {
	h, running, release := holding()
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: h})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	src.emit(batch(0, 2, 0))
	<-running
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	src.onStop = func(ctx context.Context) error { return ctx.Err() } // there is time left for it
	if err := e.Remove(ctx, "level 0"); err != nil {
		t.Fatal(err)
	}
	close(release)
	for s := status(t, e); s.Pools[0].Busy > 0; s = status(t, e) {
	}
	if settled := src.wait(t, 1); len(settled) != 1 || settled[1] != boostd.Released {
		t.Errorf("settled %v; want the one that was queued", settled)
	}
}

// TestRemoveOfASourceThatHangs: it is abandoned, said, and gone all the same.
func TestRemoveOfASourceThatHangs(t *testing.T) {
	src := newFakeSource()
	src.onStop = func(ctx context.Context) error { <-ctx.Done(); return errors.New("it hangs and is abandoned") }
	e := start(t, setup{sources: []*fakeSource{src, newFakeSource()}, handler: handlerFunc(done)})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := e.Remove(ctx, "level 0"); err == nil {
		t.Error("no error")
	}
	if got := status(t, e).Consumers; len(got) != 1 || got[0].Name != "level 1" {
		t.Errorf("there are %v", got)
	}
	mustAdd(t, e, newcomer(0, newFakeSource()))
}

// TestChange: level, order and resolution are those of what comes; nothing is
// paused or lost.
func TestChange(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done)})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	src.emit(batch(0, 10, 0))
	resolved := make(chan boostd.Level, 10)
	err := e.Change(t.Context(), "level 0", ConsumerChange{Level: 6, Orders: map[string]scheduler.Order{"t": scheduler.Unordered},
		Resolve: func(m *boostd.Message) { m.Level = 6; resolved <- m.Level }})
	if err != nil {
		t.Fatal(err)
	}
	src.emit(batch(10, 10, 0))
	src.wait(t, 20)
	if s := status(t, e); s.Consumers[0].Level != 6 || len(resolved) != 10 || s.Pools[0].Levels[1].Level != 6 || s.Pools[0].Levels[1].Done != 10 {
		t.Errorf("%d were resolved, status %+v, %+v", len(resolved), s.Consumers[0], s.Pools[0].Levels)
	}
	if err := e.Change(t.Context(), "level 0", ConsumerChange{Level: 11}); err == nil {
		t.Error("it has a level that there isn't")
	}
	if err := e.Change(t.Context(), "level 1", ConsumerChange{}); !errors.Is(err, errNobody) {
		t.Errorf("a consumer that there isn't was changed: %v", err)
	}
}

// TestMoreLevelsWhileItRuns: slots wait for the turns of levels that weren't there
// when they began.
func TestMoreLevelsWhileItRuns(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done), slots: 4})
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	sent := 0
	for levels := 12; levels <= 300; levels += 24 {
		src.emit(batch(sent, 100, 0))
		if err := e.Reconfigure(t.Context(), levels, likeNow(4)); err != nil {
			t.Fatal(err)
		}
		top := newFakeSource()
		mustAdd(t, e, newcomer(levels-1, top))
		top.emit(&boostd.Assigned{Partitions: only})
		top.emit(batch(0, 20, boostd.Level(levels-1)))
		top.wait(t, 20)
		sent += 100
		src.reach(t, sent)
	}
	if err := e.Reconfigure(t.Context(), 4, likeNow(4)); err != nil {
		t.Fatal(err)
	}
	for _, k := range status(t, e).Consumers {
		if k.Level > 3 {
			t.Errorf("%s has level %d of 4", k.Name, k.Level)
		}
	}
}

// removing is an engine whose consumer of level 1 is being removed, and waits for
// the message that runs, as that of level 0 does.
func removing(t *testing.T) (e *Engine, sources []*fakeSource, removed chan error, release chan struct{}) {
	h, running, release := holding()
	sources = []*fakeSource{newFakeSource(), newFakeSource()}
	e = start(t, setup{sources: sources, handler: h, slots: 2})
	for n, src := range sources {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(&boostd.CaughtUp{})
		src.emit(batch(n, 1, boostd.Level(n))) // of another key
	}
	<-running
	<-running
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	removed = make(chan error, 1)
	go func() { removed <- e.Remove(ctx, "level 1") }()
	for k := status(t, e).Consumers; k[1].Reason.Kind != scheduler.GivenUp; k = status(t, e).Consumers {
	}
	return e, sources, removed, release
}

func TestDrainWhileAConsumerIsRemoved(t *testing.T) {
	e, sources, removed, release := removing(t)
	idle := e.Drain()
	close(release)
	<-idle
	if err := <-removed; err != nil {
		t.Errorf("removed with %v", err)
	}
	for n, src := range sources {
		if settled := src.wait(t, 1); settled[int64(n)] != boostd.Done {
			t.Errorf("level %d: settled %v", n, settled)
		}
	}
}

// TestStopWhileAConsumerIsRemoved: it doesn't wait for what runs any more, but for
// the end of its Source; twice is once; and nothing begins any more.
func TestStopWhileAConsumerIsRemoved(t *testing.T) {
	e, sources, removed, release := removing(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := make(chan error, 1)
	go func() { again <- e.Remove(ctx, "level 1") }() // waits for the other one
	stopped := make(chan error, 2)
	for range 2 {
		go func() { stopped <- e.Stop(ctx) }()
	}
	if err := <-removed; err != nil {
		t.Errorf("removed with %v", err)
	}
	if err := <-again; !errors.Is(err, errStopping) && !errors.Is(err, errNobody) {
		t.Errorf("removed again with %v", err)
	}
	close(release)
	for range 2 {
		if err := <-stopped; err != nil {
			t.Errorf("stopped with %v", err)
		}
	}
	if sources[0].stopCalls() != 1 || sources[1].stopCalls() != 1 {
		t.Errorf("the Sources were stopped %d and %d times", sources[0].stopCalls(), sources[1].stopCalls())
	}
	for what, err := range map[string]error{
		"add": e.Add(ctx, newcomer(5, newFakeSource())), "remove": e.Remove(ctx, "level 0"), "change": e.Change(ctx, "level 0", ConsumerChange{}),
	} {
		if !errors.Is(err, errStopping) {
			t.Errorf("%s after the stop: %v", what, err)
		}
	}
}

// TestDeathWhileSomethingChanges: nobody answers, and nobody waits for ever.
func TestDeathWhileSomethingChanges(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done)})
	e.system.Root.Stop(e.sched)
	expectFailure(t, e, "ended unexpectedly")
	<-e.Dead()
	mustRemove(t, e, "level 0")
	if src.stopCalls() != 1 {
		t.Error("its Source wasn't stopped")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := e.Add(ctx, newcomer(5, newFakeSource())); err == nil {
		t.Error("a consumer was added to nobody")
	}
}

// TestComingAndGoingUnderLoad: of what is sent everything is handled or given back,
// and nothing twice, whoever comes and goes meanwhile.
func TestComingAndGoingUnderLoad(t *testing.T) {
	steady := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{steady}, handler: handlerFunc(done), slots: 4})
	steady.emit(&boostd.Assigned{Partitions: only})
	steady.emit(&boostd.CaughtUp{})
	var all sync.WaitGroup
	for level := 1; level <= 6; level++ {
		all.Go(func() {
			for range 15 {
				src := newFakeSource()
				if err := e.Add(t.Context(), newcomer(level, src)); err != nil {
					t.Error(err)
					return
				}
				src.emit(&boostd.Assigned{Partitions: only})
				src.emit(batch(0, 50, boostd.Level(level)))
				if level%2 == 0 {
					src.reach(t, 50)
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				if err := e.Remove(ctx, fmt.Sprint("level ", level)); err != nil {
					t.Error(err)
				}
				cancel()
				for offset, o := range src.wait(t, 50) {
					if o != boostd.Done && (level%2 == 0 || o != boostd.Released) {
						t.Errorf("level %d: %d is settled as %v", level, offset, o)
					}
				}
			}
		})
	}
	all.Go(func() {
		for n := range 40 {
			if err := e.Reconfigure(t.Context(), 7+n%5, likeNow(1+n%6)); err != nil {
				t.Error(err)
			}
			steady.emit(batch(n*20, 20, 0))
			steady.reach(t, (n+1)*20)
		}
	})
	all.Wait()
	if got := names(t, e); !slices.Equal(got, []string{"level 0"}) {
		t.Errorf("there are %v", got)
	}
	if s := status(t, e); s.Consumers[0].Pauses > 0 || s.Consumers[0].Unsettled > 0 {
		t.Errorf("who stayed is %+v", s.Consumers[0])
	}
}
