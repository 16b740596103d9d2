package scheduler

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// sim is one instance in virtual time: brokers with a backlog for each level,
// Sources that need time to fetch, workers that need time for every message and
// look between messages whether they are wanted elsewhere.
type sim struct {
	t       testing.TB
	rng     *rand.Rand
	core    *Core
	now     time.Time
	events  events
	sources []*simSource
	slots   int
	out     map[int]*simBatch // by slot
	service time.Duration     // the mean
	tick    time.Time         // when the core's timer goes off
	idle    time.Time         // since when a slot idles while a broker has work
	ran     []int             // by level
}

// simSource is a consumer's Source with its brokers.
type simSource struct {
	id        ConsumerID
	tp        boostd.TopicPartition
	level     boostd.Level
	broker    int
	offset    int64
	unsettled int
	fetching  bool
	paused    bool
	resumed   time.Time
	changed   [2]time.Time // the last pause, the last resume
	changes   int
}

const (
	simFetch  = time.Millisecond     // a poll of a running client
	simResume = 5 * time.Millisecond // the first message after a resume; measured 2.5, at most 5
	simIdle   = 20 * time.Millisecond
)

type event struct {
	at time.Time
	do func()
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}

func newSim(t testing.TB, seed uint64, levels, slots int, service time.Duration) *sim {
	s := &sim{t: t, rng: rand.New(rand.NewPCG(seed, 2)), core: New(Config{Gate: true}), now: time.Unix(1000, 0),
		slots: slots, out: map[int]*simBatch{}, service: service, ran: make([]int, levels)}
	config := rigPool
	config.Slots, config.Levels = slots, levels
	if _, err := s.core.AddPool(config); err != nil {
		t.Fatal(err)
	}
	s.apply(s.core.Start(s.now))
	for level := range boostd.Level(levels) {
		tp := boostd.TopicPartition{Topic: fmt.Sprint(level)}
		id, err := s.core.AddConsumer(ConsumerConfig{Name: tp.Topic, Level: level, Window: DefaultWindow,
			Orders: map[string]Order{tp.Topic: Unordered}})
		if err != nil {
			t.Fatal(err)
		}
		s.sources = append(s.sources, &simSource{id: id, tp: tp, level: level})
		s.apply(s.core.Assigned(s.now, id, []boostd.TopicPartition{tp}))
		s.probe(s.sources[level])
	}
	return s
}

func (s *sim) after(d time.Duration, do func()) { heap.Push(&s.events, event{s.now.Add(d), do}) }

// run lets events happen until nothing is left but probes, or the time is over.
func (s *sim) run(d time.Duration) {
	end := s.now.Add(d)
	for len(s.events) > 0 && !s.events[0].at.After(end) {
		e := heap.Pop(&s.events).(event)
		s.now = e.at
		e.do()
		s.conserve()
	}
	s.now = end
}

// probe tells the core once a second what waits in the brokers.
func (s *sim) probe(src *simSource) {
	s.apply(s.core.Backlog(s.now, src.id, int64(src.broker)))
	s.after(time.Second, func() { s.probe(src) })
}

func (s *sim) produce(level, n int) {
	s.sources[level].broker += n
	s.poll(s.sources[level])
}

// poll fetches when there is something, and room for an eighth of the window.
func (s *sim) poll(src *simSource) {
	if src.fetching || src.paused || src.broker == 0 || src.unsettled > DefaultWindow.Messages*7/8 {
		return
	}
	src.fetching = true
	s.after(max(simFetch, src.resumed.Add(simResume).Sub(s.now)), func() {
		src.fetching = false
		n := min(src.broker, 256, DefaultWindow.Messages-src.unsettled)
		if src.paused {
			n = min(n, 1) // it was on its way
		}
		batch := make([]boostd.Message, n)
		for n := range batch {
			batch[n] = boostd.Message{Topic: src.tp.Topic, Offset: src.offset, Level: src.level, FetchedAt: s.now}
			src.offset++
		}
		src.broker -= n
		src.unsettled += n
		s.apply(s.core.Fetched(s.now, src.id, batch))
		s.poll(src)
	})
}

func (s *sim) apply(e *Effects) {
	recalls := append([]Recall(nil), e.Recalls...)
	s.effects(e)
	for len(recalls) > 0 {
		b := s.out[recalls[0].Slot]
		rest := b.items[b.next:]
		b.items = b.items[:b.next]
		e := s.core.Recalled(s.now, 0, rest)
		recalls = append(recalls[1:], e.Recalls...)
		s.effects(e)
	}
}

func (s *sim) effects(e *Effects) {
	for _, d := range e.Dispatches {
		b := &simBatch{slot: d.Slot, level: d.Level, items: d.Items, began: s.now}
		s.out[d.Slot] = b
		s.after(0, func() { s.work(b) })
	}
	for _, settled := range e.Settled {
		src := s.sources[settled.Consumer]
		src.unsettled -= len(settled.Settlements)
		s.poll(src)
	}
	for _, f := range e.Flows {
		s.flow(s.sources[f.Consumer], f.State == Paused)
	}
	if w := e.Wake; !w.IsZero() && (s.tick.IsZero() || w.Before(s.tick)) {
		s.tick = w
		s.after(w.Sub(s.now), func() {
			s.tick = time.Time{}
			s.apply(s.core.Tick(s.now))
		})
	}
}

// flow checks that nothing flaps: at most one pause and one resume in 2 s.
func (s *sim) flow(src *simSource, paused bool) {
	which := 0
	if !paused {
		which, src.resumed = 1, s.now
	}
	if since := s.now.Sub(src.changed[which]); since < 2*time.Second {
		s.t.Fatalf("level %d: paused %v again after %v", src.level, paused, since)
	}
	src.changed[which] = s.now
	src.changes++
	src.paused = paused
	s.poll(src)
}

// simBatch is what a worker has.
type simBatch struct {
	slot  int
	level boostd.Level
	items []*Item
	next  int
	began time.Time
}

// work is a worker: it takes the next message unless it is wanted elsewhere.
func (s *sim) work(b *simBatch) {
	if b.next == len(b.items) || s.core.Waiting(0) > b.level || b.next > 0 && s.now.Sub(b.began) > 2*DefaultSlice {
		s.apply(s.core.Finished(s.now, 0, b.slot, b.items))
		return
	}
	i := b.items[b.next]
	b.next++
	i.StartedAt = s.now
	s.ran[b.level]++
	s.after(time.Duration(float64(s.service)*(0.5+s.rng.Float64())), func() {
		i.FinishedAt, i.Result.Outcome = s.now, boostd.Done
		s.work(b)
	})
}

// conserve checks that no slot idles for long while a broker has something.
func (s *sim) conserve() {
	work := false
	for _, src := range s.sources {
		work = work || src.broker > 0
	}
	if !work || len(s.core.pools[0].free) == 0 {
		s.idle = time.Time{}
		return
	}
	if s.idle.IsZero() {
		s.idle = s.now
	}
	if idle := s.now.Sub(s.idle); idle > simIdle {
		s.t.Fatalf("%d slots have been idle for %v", len(s.core.pools[0].free), idle)
	}
}

// TestSimulatedLoad: random bursts on eleven levels; nothing flaps, no slot
// idles while there is work, and all of it is done.
func TestSimulatedLoad(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			slots := []int{1, 8, 64}[seed%3]
			service := []time.Duration{100 * time.Microsecond, time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond}[seed%4]
			s := newSim(t, seed, 11, slots, service)
			want := make([]int, 11)
			second := min(int(time.Second/service)*slots, 20_000) // what a second has time for
			for range 40 {
				level := s.rng.IntN(11)
				n := 1 + s.rng.IntN(second)
				want[level] += n
				s.produce(level, n)
				s.run(time.Duration(s.rng.IntN(1000)) * time.Millisecond)
			}
			s.run(5 * time.Minute)
			for level, n := range want {
				if s.ran[level] != n {
					t.Errorf("level %d: %d of %d were run", level, s.ran[level], n)
				}
			}
		})
	}
}

// TestLowerLevelsRunAtOnceWhenHigherAreDone: they were paused for long, and
// start within 20 ms.
func TestLowerLevelsRunAtOnceWhenHigherAreDone(t *testing.T) {
	s := newSim(t, 1, 11, 64, time.Millisecond)
	s.produce(0, 200_000)
	s.run(500 * time.Millisecond)
	s.produce(9, 640_000) // ten seconds of work
	s.run(5 * time.Second)
	if low := s.sources[0]; !low.paused || low.changes != 1 {
		t.Fatalf("level 0: paused %v after %d changes; want once", low.paused, low.changes)
	}
	before := s.ran[0]
	s.run(4 * time.Second)
	if s.ran[0] != before {
		t.Fatalf("level 0 ran %d messages under level 9", s.ran[0]-before)
	}
	s.run(3 * time.Second)
	if done := s.ran[9]; done != 640_000 {
		t.Fatalf("level 9 ran %d messages", done)
	}
	if s.ran[0] == before {
		t.Fatal("level 0 didn't go on") // how fast, conserve has checked at every event
	}
}
