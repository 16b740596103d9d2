package kafkaio

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio/embedded"
)

const patience = time.Minute

// cluster is an embedded broker with one topic.
func cluster(t testing.TB, topic string, partitions int) Config {
	t.Helper()
	broker, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	c := Config{Brokers: []string{broker.Addr()}, Group: "g"}
	c.SetDefaults()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := admin.EnsureTopics(ctx, []TopicSpec{{Name: topic, Partitions: partitions}}); err != nil {
		t.Fatal(err)
	}
	return c
}

func produce(t testing.TB, c Config, topic string, n int, value []byte) {
	t.Helper()
	p, err := NewProducer(c, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	failed := make(chan error, n)
	for i := range n {
		r := Record{Topic: topic, Partition: AnyPartition, Key: fmt.Append(nil, i), Value: value}
		if err := p.Produce(t.Context(), r, AckFunc(func(_ int32, _ int64, err error) {
			if err != nil {
				failed <- err
			}
		})); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(failed) > 0 {
		t.Fatal(<-failed)
	}
}

// receiver takes a Source's events and settles at once, or as the test wants.
type receiver struct {
	source *Source
	// to is the source, or what it is the current one of.
	to interface {
		Settle(settled []boostd.Settlement)
		Drained(tps []boostd.TopicPartition)
		Stop(ctx context.Context) error
	}
	mu     sync.Mutex
	auto   bool
	got    map[string]int // by message
	queue  []*boostd.Message
	most   int
	events []string
	change chan struct{}
}

func (r *receiver) emit(event any) {
	r.mu.Lock()
	defer func() {
		close(r.change)
		r.change = make(chan struct{})
		r.mu.Unlock()
	}()
	switch e := event.(type) {
	case *boostd.Batch:
		for n := range e.Messages {
			r.got[e.Messages[n].String()]++
			r.queue = append(r.queue, &e.Messages[n])
		}
		r.most = max(r.most, len(r.queue))
		if r.auto {
			r.settleLocked(len(r.queue))
		}
	case *boostd.Revoking:
		r.events = append(r.events, "Revoking")
		if r.auto {
			r.to.Drained(e.Partitions)
		}
	case *boostd.Trouble:
		r.events = append(r.events, fmt.Sprintf("Trouble(%s: %v)", e.Kind, e.Err))
	default:
		r.events = append(r.events, strings.TrimPrefix(fmt.Sprintf("%T", event), "*boostd."))
	}
}

func (r *receiver) settle(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settleLocked(n)
}

func (r *receiver) settleLocked(n int) {
	var settled []boostd.Settlement
	for _, m := range r.queue[:n] {
		settled = append(settled, boostd.Settlement{Message: m, Outcome: boostd.Done})
	}
	r.queue = r.queue[n:]
	r.to.Settle(settled)
}

func (r *receiver) saw(event string) bool {
	return slices.Contains(r.events, event)
}

// until waits for a condition on the receiver.
func (r *receiver) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !r.within(patience, ok) {
		t.Fatalf("%s: not within %v; %d messages, events %v", what, patience, len(r.got), r.events)
	}
}

// within waits for a condition on the receiver, but for no longer than d.
func (r *receiver) within(d time.Duration, ok func() bool) bool {
	deadline := time.After(d)
	for {
		r.mu.Lock()
		fine, change := ok(), r.change
		r.mu.Unlock()
		if fine {
			return true
		}
		select {
		case <-change:
		case <-deadline:
			return false
		}
	}
}

// stays checks that a condition holds for a while.
func (r *receiver) stays(t testing.TB, what string, d time.Duration, ok func() bool) {
	t.Helper()
	over := time.After(d)
	for {
		r.mu.Lock()
		fine, change := ok(), r.change
		r.mu.Unlock()
		if !fine {
			t.Fatalf("%s: %d messages, events %v", what, len(r.got), r.events)
		}
		select {
		case <-change:
		case <-over:
			return
		}
	}
}

func options(c Config, topic string, window Window) SourceOptions {
	return SourceOptions{Config: c, Group: "g_base", Topics: []string{topic}, Level: "base",
		Window: window, Activity: &Activity{}, Logger: hclog.NewNullLogger(), CommitInterval: 50 * time.Millisecond}
}

func open(t testing.TB, c Config, topic string, auto bool, window Window) *receiver {
	t.Helper()
	return openWith(t, options(c, topic, window), auto)
}

// inBothWays runs a test with each way of reading.
func inBothWays(t *testing.T, test func(t *testing.T)) {
	t.Run("many at a time", test)
	t.Run("one by one", test)
}

// readOneByOne is whether a test of inBothWays has that way.
func readOneByOne(t testing.TB) bool { return strings.Contains(t.Name(), "/one_by_one") }

func openWith(t testing.TB, o SourceOptions, auto bool) *receiver {
	t.Helper()
	o.oneByOne = readOneByOne(t)
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{source: s, to: s, auto: auto, got: map[string]int{}, change: make(chan struct{})}
	if err := s.Start(r.emit); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *receiver) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.to.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

var wide = Window{Messages: 1024, Bytes: 16 << 20}

func TestSourceCommitsWhatIsSettled(t *testing.T) { inBothWays(t, testSourceCommitsWhatIsSettled) }

func testSourceCommitsWhatIsSettled(t *testing.T) {
	c := cluster(t, "a", 3)
	produce(t, c, "a", 1000, []byte("v"))
	r := open(t, c, "a", true, wide)
	r.until(t, "first run", func() bool { return len(r.got) == 1000 })
	r.stop(t)
	produce(t, c, "a", 10, []byte("v"))
	again := open(t, c, "a", true, wide)
	again.until(t, "second run", func() bool { return len(again.got) >= 10 })
	again.stop(t)
	if len(again.got) != 10 {
		t.Errorf("the second run got %d messages, want the 10 new ones", len(again.got))
	}
}

func TestSourceRepeatsWhatIsNotSettled(t *testing.T) {
	c := cluster(t, "a", 1)
	produce(t, c, "a", 100, []byte("v"))
	r := open(t, c, "a", false, wide)
	r.until(t, "first run", func() bool { return len(r.queue) == 100 })
	r.settle(40)
	r.stop(t)
	again := open(t, c, "a", true, wide)
	again.until(t, "second run", func() bool { return len(again.got) >= 60 })
	again.stop(t)
	if len(again.got) != 60 {
		t.Errorf("the second run got %d messages, want the 60 that were not settled", len(again.got))
	}
}

func TestSourceKeepsToItsWindow(t *testing.T) { inBothWays(t, testSourceKeepsToItsWindow) }

func testSourceKeepsToItsWindow(t *testing.T) {
	windows := map[string]Window{"messages": {Messages: 50, Bytes: 1 << 30}, "bytes": {Messages: 1000, Bytes: 100 << 10}}
	for name, window := range windows {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, "a", 2)
			produce(t, c, "a", 500, make([]byte, 2000))
			r := open(t, c, "a", false, window)
			limit := min(50, 100<<10/2000) + 1
			for done := 0; done < 500; {
				r.until(t, "more", func() bool { return len(r.queue) > 0 })
				r.mu.Lock()
				n := len(r.queue)
				r.mu.Unlock()
				r.settle(n)
				done += n
			}
			r.stop(t)
			if r.most > limit {
				t.Errorf("%d messages were unsettled at once, the window allows %d", r.most, limit)
			}
		})
	}
}

func TestSourceKeepsItsMembershipWhileItsWindowIsFull(t *testing.T) {
	inBothWays(t, testSourceKeepsItsMembershipWhileItsWindowIsFull)
}

func testSourceKeepsItsMembershipWhileItsWindowIsFull(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 1)
	c.Properties = map[string]string{"session.timeout.ms": "3000", "max.poll.interval.ms": "3000"}
	produce(t, c, "a", 2000, []byte("v"))
	r := open(t, c, "a", false, Window{Messages: 10, Bytes: 1 << 20})
	r.until(t, "full", func() bool { return len(r.queue) >= 10 })
	// Longer than max.poll.interval: without polls the member would be out.
	r.stays(t, "hold", 5*time.Second, func() bool {
		return len(r.queue) <= 10+headroom && !r.saw("Lost") && !r.saw("Revoking") && !r.saw("Stopped")
	})
	r.mu.Lock()
	r.auto = true
	r.settleLocked(len(r.queue))
	r.mu.Unlock()
	r.until(t, "the rest", func() bool { return len(r.got) == 2000 })
	r.stop(t)
	// A source that doesn't poll learns of its loss with the next poll.
	if r.saw("Lost") {
		t.Error("it lost its place in the group")
	}
}

func TestPausedSourceDeliversNothingAndResumes(t *testing.T) {
	inBothWays(t, testPausedSourceDeliversNothingAndResumes)
}

func testPausedSourceDeliversNothingAndResumes(t *testing.T) {
	c := cluster(t, "a", 4)
	r := open(t, c, "a", true, wide)
	r.until(t, "caught up", func() bool { return r.saw("CaughtUp") })
	r.source.SetPaused(true)
	r.stays(t, "pausing", 2*idleWait, func() bool { return len(r.got) == 0 }) // a poll under way ends first
	produce(t, c, "a", 100, []byte("v"))
	r.stays(t, "paused", 500*time.Millisecond, func() bool { return len(r.got) <= 1 })
	r.source.SetPaused(false)
	r.until(t, "resumed", func() bool { return len(r.got) == 100 })
	r.stop(t)
}

func TestTwoMembersShareWithoutLossOrRepeat(t *testing.T) {
	inBothWays(t, testTwoMembersShareWithoutLossOrRepeat)
}

func testTwoMembersShareWithoutLossOrRepeat(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 6)
	first := open(t, c, "a", true, wide)
	first.until(t, "assigned", func() bool { return first.saw("Assigned") })
	total := 0
	for range 3 {
		produce(t, c, "a", 3000, []byte("v"))
		second := open(t, c, "a", true, wide)
		produce(t, c, "a", 3000, []byte("v"))
		// The first assignment is empty: the other member must let go first.
		second.until(t, "joined", func() bool { return len(second.source.partitions()) > 0 })
		produce(t, c, "a", 3000, []byte("v"))
		total += 9000
		second.stop(t)
		first.mu.Lock()
		for m, n := range second.got {
			first.got[m] += n
		}
		first.mu.Unlock()
	}
	first.until(t, "all", func() bool { return len(first.got) == total })
	first.stop(t)
	var repeated []string
	for m, n := range first.got {
		if n != 1 {
			repeated = append(repeated, fmt.Sprintf("%s %d times", m, n))
		}
	}
	slices.Sort(repeated)
	if len(repeated) > 0 {
		t.Fatalf("handled: %v; events %v", repeated, first.events)
	}
}

func TestUnreachableBrokerIsNamed(t *testing.T) {
	c := Config{Brokers: []string{"127.0.0.1:1"}, Group: "g"}
	c.SetDefaults()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err = admin.Connect(ctx)
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error %v doesn't name the broker", err)
	}
}

func TestOwnedPropertiesAreRefusedByName(t *testing.T) {
	for name := range owned {
		c := Config{Brokers: []string{"b:1"}, Group: "g", Properties: map[string]string{name: "x"}}
		c.SetDefaults()
		errs := c.Validate()
		if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "properties."+name+": ") {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
