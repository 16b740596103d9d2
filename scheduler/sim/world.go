package sim

import (
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// start is the beginning of virtual time, as the core has it. Zero would mean
// "unknown" there.
var start = time.Unix(1_000_000_000, 0).UTC()

func at(ns int64) time.Time { return start.Add(time.Duration(ns)) }

// world is a run of the simulation. Times are nanoseconds from the beginning.
type world struct {
	config     *Config
	now, end   int64
	clock      time.Time // now, for the core
	slice      time.Duration
	queue      queue
	events     uint64
	topics     []topic
	subs       []subscription
	partitions []partition
	feeds      []feed
	instances  []*instance
	byNumber   map[int]*instance // by the user's number
	tallies    []tally
	burials    []burial
	freed      []int32 // places in burials
	due        []due
	preempted  int64
	busy       time.Duration // of all slots
	offered    time.Duration // slots that were there, in all
	counts     []int
	batch      []boostd.Message
	watch      *watch // of tests
}

// watch lets tests see what happens; all of it is there, or none.
type watch struct {
	started, ended func(in *instance, i *scheduler.Item)
	flow           func(s *source, f scheduler.FlowChange)
	after          func(e *event)
}

// burial is a dead letter that is being written.
type burial struct {
	in   *instance // nil: a free place
	item *scheduler.Item
}

// Run simulates. Its error is that of Validate, or the core's own where it refuses
// what was valid.
func Run(c *Config) (*Result, error) {
	w, err := newWorld(c)
	if err == nil {
		err = w.run()
	}
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	return w.result(), nil
}

func newWorld(c *Config) (*world, error) {
	if errs := c.Validate(); len(errs) > 0 {
		return nil, errs[0]
	}
	w := &world{config: c, end: int64(c.For), slice: c.Pool.Slice, byNumber: map[int]*instance{}, clock: start}
	if w.slice <= 0 {
		w.slice = scheduler.DefaultSlice
	}
	w.tallies = make([]tally, c.Pool.Levels)
	w.build()
	for n := range c.Changes {
		w.queue.push(event{at: int64(c.Changes[n].At), kind: change, who: int32(n)})
	}
	w.queue.push(event{at: w.end / 2, kind: half})
	if c.Core.Group {
		w.queue.push(event{at: probeEvery / 2, kind: ask})
	}
	return w, w.begin()
}

// begin starts the instances that are there from the beginning: each has its
// partitions at once, and waits for their first messages as a daemon does.
func (w *world) begin() error {
	var members []int32
	for n := range w.config.Instances {
		in, err := newInstance(w)
		if err != nil {
			return err
		}
		w.byNumber[n+1] = in
		members = append(members, in.index)
	}
	for n := range w.subs {
		w.share(&w.subs[n], members)
	}
	of := make([][][]int32, len(w.instances)) // instance, subscription in its order
	for n := range w.subs {
		for _, number := range w.subs[n].partitions {
			in := w.instances[w.partitions[number].target]
			s, err := in.source(int32(n))
			if err != nil {
				return err
			}
			if int(s.id) == len(of[in.index]) {
				of[in.index] = append(of[in.index], nil)
			}
			of[in.index][s.id] = append(of[in.index][s.id], number)
		}
	}
	for n, in := range w.instances {
		in.begun()
		for id, numbers := range of[n] {
			in.byID[id].assign(numbers)
		}
	}
	return nil
}

// begun starts an instance's core and probes.
func (in *instance) begun() {
	w := in.w
	w.offered += time.Duration(w.end-w.now) * time.Duration(len(in.slots))
	in.apply(in.core.Start(w.time()))
	for n := range w.tallies {
		if work := w.tallies[n].told; work != (scheduler.GroupWork{}) {
			in.apply(in.core.Group(w.time(), in.pool, boostd.Level(n), work))
		}
	}
	stagger := probeEvery / MaxInstances * int64(in.index%MaxInstances)
	w.queue.push(event{at: w.now + stagger, kind: probe, who: in.index})
}

func (w *world) time() time.Time { return w.clock }

// run lets things happen until the time is over.
func (w *world) run() error {
	for {
		e, ok := w.queue.pop()
		if !ok || e.at > w.end {
			break
		}
		if e.at != w.now {
			w.now, w.clock = e.at, at(e.at)
		}
		w.events++
		if err := w.happen(&e); err != nil {
			return err
		}
		if w.watch != nil {
			w.watch.after(&e)
		}
	}
	w.now, w.clock = w.end, at(w.end)
	return nil
}

func (w *world) happen(e *event) error {
	switch e.kind {
	case arrive:
		w.arrive(e.who)
		return nil
	case change:
		return w.change(&w.config.Changes[e.who])
	case assign:
		return w.assign()
	case bury:
		w.buried(e.who)
		return nil
	case ask:
		w.ask()
		return nil
	case half:
		for n := range w.tallies {
			t := &w.tallies[n]
			t.halfway, t.halfMade = t.waiting(), t.made
		}
		return nil
	case expire:
		w.leave(w.instances[e.who])
		return nil
	}
	if in := w.instances[e.who]; in.state != gone {
		in.happen(e)
	}
	return nil
}

// happen is what concerns one instance that is there.
func (in *instance) happen(e *event) {
	switch e.kind {
	case poll:
		in.sources[e.what].fetch()
	case begin:
		in.begin(e.what, e.turn)
	case finish:
		in.finish(e.what, e.turn)
	case giveUp:
		in.giveUp(e.what, e.turn)
	case tick:
		in.tick()
	case probe:
		in.probe()
	case pause:
		in.sources[e.what].setPaused(e.turn == 1)
	case deadline:
		if e.what >= 0 {
			in.w.overdue(in, e.what)
		} else {
			in.w.leave(in)
		}
	}
}

// change lets an instance come or go.
func (w *world) change(c *Change) error {
	in := w.byNumber[c.Instance]
	switch c.Event {
	case Leave, Crash:
		w.offered -= time.Duration(w.end-w.now) * time.Duration(len(in.slots))
		if c.Event == Leave {
			w.stop(in)
		} else {
			w.crash(in)
		}
	case Join:
		in, err := newInstance(w)
		if err != nil {
			return err
		}
		w.byNumber[c.Instance] = in
		in.begun()
		w.rebalance()
	}
	return nil
}

// buryLater has a dead letter written.
func (w *world) buryLater(in *instance, i *scheduler.Item) {
	n := int32(len(w.burials))
	if free := len(w.freed); free > 0 {
		n, w.freed = w.freed[free-1], w.freed[:free-1]
		w.burials[n] = burial{in, i}
	} else {
		w.burials = append(w.burials, burial{in, i})
	}
	w.queue.push(event{at: w.now + int64(w.config.Latency.Bury), kind: bury, who: n})
}

func (w *world) buried(n int32) {
	b := w.burials[n]
	w.burials[n] = burial{}
	w.freed = append(w.freed, n)
	if b.in.state != gone {
		b.in.apply(b.in.core.Buried(w.time(), b.item, ""))
	}
}
