package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

const (
	// boosted and top are the lowest and the highest level with topics of their
	// own; with the base topic's there are six.
	boosted, top = 6, 10
	// partitions is how many each topic begins with.
	partitions = 3
	// sessionMs is the shortest session that a broker takes: so that a daemon that
	// is dead or stopped is missed soon.
	sessionMs = "6000"
	// heap is the daemons' GOMEMLIMIT, memoryMiB what they may have in all: their
	// Kafka clients' part isn't Go's.
	heap, memoryMiB = "64MiB", 300
)

// Options are how large a run is.
type Options struct {
	// Rate is messages a second.
	Rate int
	// Daemons is the fleet's size; a further one may join and leave. The first
	// Spared of them are never broken.
	Daemons, Spared int
	// Debug are contexts of librdkafka's log, all of which the daemons then log.
	Debug string
	// Logs is the folder that what the daemons say is kept in; empty: nowhere.
	Logs string
}

// World is all of one run: brokers, proxies, daemons, handler and load.
type World struct {
	t       testing.TB
	journal *Journal
	cluster *kafkatest.Cluster
	proxies []*Proxy
	setup   *rig.Setup
	client  *Client
	ledger  *Ledger
	fleet   *Fleet
	load    *Load
	sampler *Sampler
	o       Options

	mu    sync.Mutex // of what follows
	grown map[string]int32
}

// NewWorld starts everything but the load; all ends with the test.
func NewWorld(t testing.TB, run Run, o Options) *World {
	t.Helper()
	w := &World{t: t, o: o, grown: map[string]int32{}}
	w.cluster = kafkatest.New(t, kafkatest.Options{Nodes: 3, FastFailover: true, Proxied: true})
	w.journal = NewJournal(run)
	w.startProxies()
	w.plan()
	var err error
	if w.client, err = Dial(w.cluster.Brokers()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	if w.ledger, err = OpenLedger(w.journal, run.Seed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.ledger.Close)
	w.createTopics()
	w.fleet = NewFleet(t, w.setup, w.ledger, w.journal, w.o.Logs, "GOMEMLIMIT="+heap)
	w.load = NewLoad(w.client, w.journal, run.Seed, func(level int) string { return w.setup.Topic(boostd.Level(level)) })
	t.Cleanup(w.load.Halt)
	w.sampler = StartSampler(w.client, w.journal, w.setup.Groups())
	t.Cleanup(w.sampler.Stop)
	return w
}

func (w *World) startProxies() {
	for _, r := range w.cluster.Routes() {
		p, err := StartProxy(r.Advertised, r.Listener)
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(p.Close)
		w.proxies = append(w.proxies, p)
	}
}

// apart is the topic that is deleted and made anew.
func (w *World) apart() string { return w.setup.Base + "-apart" }

// plan writes the daemons' files.
func (w *World) plan() {
	var proxies []string
	for _, r := range w.cluster.Routes() {
		proxies = append(proxies, r.Advertised)
	}
	w.setup = rig.Plan(w.t, w.cluster.Brokers(), rig.Options{Min: boosted, Max: top, Partitions: partitions})
	properties, level := fmt.Sprintf("session.timeout.ms: %q", sessionMs), "info"
	if w.o.Debug != "" {
		properties, level = properties+fmt.Sprintf(", debug: %q", w.o.Debug), "debug"
	}
	w.setup.WriteFile(w.t, "boostd.yaml", fmt.Sprintf(`kafka:
  brokers: [%s]
  group: %s
  properties: {%s}
log: {level: %s}
settings: {source: "file:settings.json"}
topics:
  %s: {handler: work, order: key}
  %s: {handler: work}
handlers:
  work:
    http: http://127.0.0.1:1
    slots: 16
    timeout: 2s
    retry: {attempts: 1000, backoff: 50ms, max_backoff: 1s}
    dead_letter: true
control: %s
state_dir: state
console: {listen: 127.0.0.1:0}
`, strings.Join(proxies, ", "), w.setup.Group, properties, level, w.setup.Base, w.apart(), w.setup.Control))
}

// topics are the base's, with how many partitions each has now.
func (w *World) topics() map[string]int32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]int32{}
	for level := boosted - 1; level <= top; level++ {
		topic := w.setup.Topic(boostd.Level(level))
		all[topic] = max(partitions, w.grown[topic])
	}
	return all
}

func (w *World) createTopics() {
	ctx, cancel := context.WithTimeout(w.t.Context(), rig.Patience)
	defer cancel()
	var all error
	for topic, n := range w.topics() {
		all = errors.Join(all, w.client.CreateTopic(ctx, topic, n, nil))
	}
	all = errors.Join(all, w.client.CreateTopic(ctx, w.apart(), partitions, nil))
	for _, base := range []string{w.setup.Base, w.apart()} {
		all = errors.Join(all, w.client.CreateTopic(ctx, priority.DeadLetterTopic(base), partitions, appendTime))
	}
	if all != nil {
		w.t.Fatal(all)
	}
}

// Run is the whole story: start, faults for that long, calm, end. What it
// returns is everything that went wrong beside what the verdict finds.
func (w *World) Run(next func() Round) error {
	stalls, crowds := verdict.RecordStalls(), WatchCrowds(w.journal)
	defer func() { w.noteStalls(crowds.Stop(), stalls.Stop()) }()
	for n := 1; n <= w.o.Daemons; n++ {
		w.fleet.Start(n)
	}
	w.load.Stream(w.o.Rate, w.apart())
	rig.Eventually(w.t, "the daemons have begun", func() bool { return w.ledger.Finished() > w.o.Rate })
	var wrong error
	for w.journal.Now() < w.journal.History().Run.Lasting {
		r := next()
		w.t.Logf("%6.1f s: %v", w.journal.Now().Seconds(), r)
		wrong = errors.Join(wrong, w.round(r))
		<-time.After(r.Calm)
	}
	return errors.Join(wrong, w.settle())
}

func (w *World) noteStalls(all []Stall, own []verdict.Interval) {
	for _, s := range own {
		all = append(all, Stall{w.journal.Since(s.From), w.journal.Since(s.To)})
	}
	w.journal.note(func(h *History) { h.Stalls = merged(all) })
}

// settling bounds the time from the load's end until all is handled, and from
// there until all is committed.
const settling = time.Minute

// settle ends the load and waits until all is handled and committed.
func (w *World) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), settling)
	defer cancel()
	wrong := w.load.Stop(ctx)
	began := w.journal.Now()
	if w.await(settling, func() bool { return len(w.open()) == 0 }) {
		w.t.Logf("%6.1f s: all is handled, %v after the load's end", w.journal.Now().Seconds(), (w.journal.Now() - began).Round(time.Millisecond))
	} else {
		wrong = errors.Join(wrong, fmt.Errorf("%v after the load's end %d messages are not handled", settling, len(w.open())))
	}
	w.await(settling, func() bool { return w.uncommitted() == 0 })
	w.ends()
	wrong = errors.Join(wrong, w.letters(), w.memory())
	wrong = errors.Join(wrong, w.fleet.StopAll())
	w.sampler.Stop()
	return wrong
}

// memory looks at what the daemons have taken at most.
func (w *World) memory() (wrong error) {
	for n := 1; n <= w.o.Daemons; n++ {
		p := w.fleet.Process(n)
		select {
		case <-p.Ended():
			continue // by itself: the verdict says so
		default:
		}
		most := p.PeakMiB()
		w.t.Logf("daemon %s has had %d MiB of memory at most", w.fleet.Name(n), most)
		if most > memoryMiB {
			wrong = errors.Join(wrong, fmt.Errorf("daemon %s has had %d MiB of memory, want at most %d", w.fleet.Name(n), most, memoryMiB))
		}
	}
	return wrong
}

// await waits for a condition; false: not in time.
func (w *World) await(patience time.Duration, condition func() bool) bool {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); !condition(); <-tick.C {
		if time.Now().After(limit) {
			return false
		}
	}
	return true
}

// open are the acknowledged messages that no attempt has finished or refused.
func (w *World) open() (open []Ack) {
	for _, a := range w.journal.History().Acks {
		if !a.Apart && !w.ledger.IsOver(a.ID) {
			open = append(open, a)
		}
	}
	return open
}

// endings are the partitions' ends and what is committed.
func (w *World) endings() ([]End, error) {
	ctx, cancel := context.WithTimeout(context.Background(), asking)
	defer cancel()
	ends, err := w.client.Ends(ctx, w.topics())
	if err != nil {
		return nil, err
	}
	var all []End
	for tp, end := range ends {
		all = append(all, End{Topic: tp.Topic, Partition: tp.Partition, Committed: w.sampler.Last(tp), Offset: end})
	}
	return all, nil
}

// uncommitted is how many messages are behind what is committed, -1: unknown.
func (w *World) uncommitted() int64 {
	all, err := w.endings()
	if err != nil {
		return -1
	}
	sum := int64(0)
	for _, e := range all {
		sum += e.Offset - e.Committed
	}
	return sum
}

func (w *World) ends() {
	all, err := w.endings()
	if err != nil {
		w.t.Errorf("look at the end of all partitions: %v", err)
	}
	w.journal.note(func(h *History) { h.Ends = all })
}

// Keep writes the history to a file of its own and returns its path.
func (w *World) Keep(dir string) (string, error) {
	f, err := os.CreateTemp(dir, fmt.Sprintf("boostd-chaos-%d-*.jsonl", w.journal.History().Run.Seed))
	if err != nil {
		return "", fmt.Errorf("keep history: %w", err)
	}
	h := w.journal.History()
	if err := errors.Join(h.Write(f), f.Close()); err != nil {
		return "", fmt.Errorf("keep history: %w", err)
	}
	return f.Name(), nil
}
