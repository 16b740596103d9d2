package sim

import (
	"fmt"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// state is an instance's.
type state uint8

const (
	running state = iota
	leaving       // it finishes what it has begun
	gone
)

// instance is one daemon: a core, the Sources of what it was assigned, and slots.
// It obeys the core as actors/scheduler.go does.
type instance struct {
	w       *world
	index   int32
	state   state
	core    *scheduler.Core
	pool    scheduler.PoolID
	sources []*source // by subscription; nil where it never had a partition
	byID    []*source // by the core's number
	slots   []slot
	out     int   // slots that have a batch
	begins  int64 // when the last batch that was dispatched begins
	recalls []scheduler.Recall
	wake    int64 // when the core wants a Tick; never when it doesn't
	random  random
}

// never is after every event.
const never = 1<<63 - 1

func newInstance(w *world) (*instance, error) {
	in := &instance{
		w: w, index: int32(len(w.instances)), core: scheduler.New(w.config.Core),
		sources: make([]*source, len(w.subs)), slots: make([]slot, w.config.Pool.Slots), wake: never,
	}
	in.random = newRandom(w.config.Seed, forInstance, uint64(in.index))
	pool, err := in.core.AddPool(w.config.Pool)
	if err != nil {
		return nil, fmt.Errorf("make instance %d: %w", in.index+1, err)
	}
	in.pool = pool
	w.instances = append(w.instances, in)
	return in, nil
}

// source is the one of a subscription, made when it is first asked for.
func (in *instance) source(sub int32) (*source, error) {
	if s := in.sources[sub]; s != nil {
		return s, nil
	}
	kind := &in.w.subs[sub]
	orders := map[string]scheduler.Order{}
	for _, t := range kind.topics {
		orders[in.w.topics[t].name] = in.w.topics[t].load.Order
	}
	id, err := in.core.AddConsumer(scheduler.ConsumerConfig{
		Name: in.w.topics[kind.topics[0]].name, Pool: in.pool, Level: kind.level, Mixed: kind.mixed,
		Window: in.w.config.Window, Orders: orders,
	})
	if err != nil {
		return nil, fmt.Errorf("make a consumer: %w", err)
	}
	s := &source{in: in, sub: sub, id: id}
	in.sources[sub] = s
	in.byID = append(in.byID, s)
	return s, nil
}

// apply does what the core asks for. Recalls are answered at once: a free slot
// waits for them.
func (in *instance) apply(e *scheduler.Effects) {
	in.recalls = append(in.recalls[:0], e.Recalls...)
	in.do(e)
	for len(in.recalls) > 0 {
		r := in.recalls[len(in.recalls)-1]
		in.recalls = in.recalls[:len(in.recalls)-1]
		e := in.core.Recalled(in.w.time(), r.Pool, in.slots[r.Slot].recall(r.All))
		in.recalls = append(in.recalls, e.Recalls...)
		in.do(e)
	}
}

func (in *instance) do(e *scheduler.Effects) {
	w := in.w
	for n := range e.Dispatches {
		d := &e.Dispatches[n]
		in.slots[d.Slot].give(d)
		in.out++
		// Batches begin in the order of dispatch, as actors.turns sees to.
		in.begins = max(in.begins, w.now+in.random.about(int64(w.config.Latency.Dispatch)))
		w.queue.push(event{at: in.begins, kind: begin, who: in.index, what: int32(d.Slot), turn: in.slots[d.Slot].turn})
	}
	for _, p := range e.Preempts {
		in.preempt(p.Slot)
	}
	for _, k := range e.Settled {
		in.byID[k.Consumer].settled(k.Settlements)
	}
	for _, f := range e.Flows {
		if w.watch != nil {
			w.watch.flow(in.byID[f.Consumer], f)
		}
		in.byID[f.Consumer].flow(f.State == scheduler.Paused)
	}
	for _, b := range e.Burials {
		w.buryLater(in, b.Item)
	}
	for _, d := range e.Drained {
		w.drained(in, d.Partitions)
	}
	if !e.Wake.IsZero() {
		in.wakeAt(e.Wake.Sub(start).Nanoseconds())
	}
	if e.Idle && in.state == leaving {
		w.leave(in)
	}
}

// wakeAt keeps the one timer; like a daemon's it only moves forward.
func (in *instance) wakeAt(when int64) {
	if when >= in.wake {
		return
	}
	in.wake = max(when, in.w.now)
	in.w.queue.push(event{at: in.wake, kind: tick, who: in.index})
}

// tick is the timer, unless it was set anew since.
func (in *instance) tick() {
	if in.wake != in.w.now {
		return
	}
	in.wake = never
	in.apply(in.core.Tick(in.w.time()))
}

// probe tells the core what waits, once a second.
func (in *instance) probe() {
	for _, s := range in.byID {
		s.tell()
	}
	in.w.queue.push(event{at: in.w.now + probeEvery, kind: probe, who: in.index})
}

// assign gives a Source partitions.
func (s *source) assign(parts []int32) {
	w := s.in.w
	tps := make([]boostd.TopicPartition, len(parts))
	for n, number := range parts {
		p := &w.partitions[number]
		p.order()
		p.reader, p.holder = s, s.in
		s.mine = append(s.mine, number)
		s.waiting += p.waiting
		tps[n] = p.name(w, number)
	}
	s.in.apply(s.in.core.Assigned(w.time(), s.id, tps))
	s.poll()
}

func (p *partition) name(w *world, number int32) boostd.TopicPartition {
	return boostd.TopicPartition{Topic: w.topics[p.topic].name, Partition: number}
}

// close stops reading a partition.
func (s *source) close(number int32) {
	p := &s.in.w.partitions[number]
	for n, m := range s.mine {
		if m == number {
			s.mine = append(s.mine[:n], s.mine[n+1:]...)
			break
		}
	}
	s.waiting -= p.waiting
	p.reader = nil
}
