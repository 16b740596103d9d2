package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// ensure makes another topic.
func ensure(t testing.TB, c Config, topic string, partitions int) {
	t.Helper()
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
}

// changing is a member that notes which topics' partitions go, and how.
type changing struct {
	*receiver
	moves struct {
		sync.Mutex
		gone, lost map[string]int // by topic
	}
}

func newChanging(t testing.TB, o SourceOptions, auto bool) *changing {
	t.Helper()
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	m := &changing{receiver: &receiver{source: s, to: s, auto: auto, got: map[string]int{}, change: make(chan struct{})}}
	m.moves.gone, m.moves.lost = map[string]int{}, map[string]int{}
	return m
}

func (m *changing) start(t testing.TB) {
	t.Helper()
	if err := m.source.Start(m.note); err != nil {
		t.Fatal(err)
	}
}

func openChanging(t testing.TB, o SourceOptions) *changing {
	t.Helper()
	m := newChanging(t, o, true)
	m.start(t)
	return m
}

func (m *changing) note(event any) {
	m.moves.Lock()
	switch e := event.(type) {
	case *boostd.Revoking:
		for _, tp := range e.Partitions {
			m.moves.gone[tp.Topic]++
		}
	case *boostd.Lost:
		for _, tp := range e.Partitions {
			m.moves.lost[tp.Topic]++
		}
	}
	m.moves.Unlock()
	m.emit(event)
}

// moved is what has gone and been lost, by topic, since the last call.
func (m *changing) moved() string {
	m.moves.Lock()
	defer m.moves.Unlock()
	text := fmt.Sprintf("gone %v, lost %v", m.moves.gone, m.moves.lost)
	m.moves.gone, m.moves.lost = map[string]int{}, map[string]int{}
	return text
}

// held are the member's partitions by topic.
func (m *changing) held() map[string]int {
	by := map[string]int{}
	for _, tp := range m.source.partitions() {
		by[tp.Topic]++
	}
	return by
}

func (m *changing) set(t testing.TB, topics ...string) {
	t.Helper()
	if err := m.source.SetTopics(topics); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition that no event tells of.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick, late := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// holding waits until members have so many partitions of each topic in all, and
// none of others.
func holding(t testing.TB, want map[string]int, members ...*changing) {
	t.Helper()
	eventually(t, fmt.Sprintf("members have %v", want), func() bool {
		all := map[string]int{}
		for _, m := range members {
			for topic, n := range m.held() {
				all[topic] += n
			}
		}
		return maps.Equal(all, want)
	})
}

// load produces to topics in turn until it is told to stop, and then says how much.
func load(t testing.TB, c Config, topics ...string) (stop func() map[string]int) {
	t.Helper()
	p, err := NewProducer(c, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	made, end, ended := map[string]int{}, make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	acknowledged := func(topic string) AckFunc {
		return func(_ int32, _ int64, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made[topic]++
			}
		}
	}
	go func() {
		defer close(ended)
		defer p.Close()
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			for _, topic := range topics {
				r := Record{Topic: topic, Partition: AnyPartition, Key: fmt.Append(nil, n), Value: []byte("v")}
				if err := p.Produce(context.Background(), r, acknowledged(topic)); err != nil {
					t.Errorf("produce: %v", err)
				}
			}
			select {
			case <-tick.C:
			case <-end:
				if err := p.Flush(context.Background()); err != nil {
					t.Errorf("flush: %v", err)
				}
				return
			}
		}
	}()
	return func() map[string]int {
		close(end)
		<-ended
		return made
	}
}

// handled are messages by topic; repeated some of those that came more than once.
func handled(members ...*changing) (by map[string]int, repeated []string) {
	all := map[string]int{}
	for _, m := range members {
		m.mu.Lock()
		for name, n := range m.got {
			all[name] += n
		}
		m.mu.Unlock()
	}
	by = map[string]int{}
	for name, n := range all {
		by[name[:strings.Index(name, "/")]]++
		if n > 1 {
			repeated = append(repeated, fmt.Sprintf("%s %d times", name, n))
		}
	}
	slices.Sort(repeated)
	return by, repeated[:min(5, len(repeated))]
}

// committedSums are a group's offsets, added up by topic.
func committedSums(t testing.TB, c Config) map[string]int {
	t.Helper()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	offsets, err := admin.Committed(ctx, "g_base")
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	for tp, offset := range offsets {
		by[tp.Topic] += int(offset)
	}
	return by
}

// Two members get other topics under load: nothing moves of those that stay, what
// goes is committed before it goes, and no message is lost or handled twice.
func TestTopicsChangeUnderLoad(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 6)
	ensure(t, c, "b", 6)
	ensure(t, c, "c", 6)
	o := options(c, "a", wide)
	o.Topics = []string{"a", "b"}
	o.CommitInterval = time.Hour // only a revocation and the end commit
	stop := load(t, c, "a", "b", "c")
	m1 := openChanging(t, o)
	holding(t, map[string]int{"a": 6, "b": 6}, m1)
	m2 := openChanging(t, o)
	eventually(t, "the members share", func() bool { return len(m2.source.partitions()) == 6 && len(m1.source.partitions()) == 6 })
	if m1.held()["a"] > m2.held()["a"] {
		m1, m2 = m2, m1 // while only one has the new topic, its balance must not need others
	}
	change := func(goes string, topics ...string) {
		t.Helper()
		m1.moved()
		m2.moved()
		want := map[string]int{}
		for _, topic := range topics {
			want[topic] = 6
		}
		m1.set(t, topics...)
		m2.set(t, topics...)
		holding(t, want, m1, m2)
		for _, m := range []*changing{m1, m2} {
			if text := m.moved(); strings.Contains(text, "a:") || !strings.HasSuffix(text, "lost map[]") {
				t.Errorf("to %v: %s; want nothing of a, and nothing lost", topics, text)
			}
			if got := m.source.Status().Topics; !slices.Equal(got, topics) {
				t.Errorf("status has topics %v, want %v", got, topics)
			}
		}
		if got, _ := handled(m1, m2); goes != "" && committedSums(t, c)[goes] != got[goes] {
			t.Errorf("%d of %s are committed, %d handled", committedSums(t, c)[goes], goes, got[goes])
		}
	}
	change("b", "a", "c")
	change("c", "b", "a")
	change("", "a", "c", "b")
	made := stop()
	eventually(t, fmt.Sprintf("all of %v", made), func() bool {
		got, _ := handled(m1, m2)
		return maps.Equal(got, made)
	})
	m1.stop(t)
	m2.stop(t)
	if _, repeated := handled(m1, m2); len(repeated) > 0 {
		t.Errorf("handled %v", repeated)
	}
	if got := committedSums(t, c); !maps.Equal(got, made) {
		t.Errorf("committed %v, want %v", got, made)
	}
}

// What is in flight of a topic that stays goes on, and is committed; nothing of it
// comes again.
func TestMessagesInFlightSurviveAChange(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 3)
	ensure(t, c, "b", 3)
	produce(t, c, "a", 100, []byte("v"))
	m := newChanging(t, options(c, "a", wide), false)
	m.start(t)
	m.until(t, "all are in flight", func() bool { return len(m.queue) == 100 })
	m.set(t, "b", "a")
	holding(t, map[string]int{"a": 3, "b": 3}, m)
	produce(t, c, "b", 10, []byte("v"))
	m.until(t, "those of the new topic", func() bool { return len(m.got) == 110 })
	m.mu.Lock()
	m.auto = true
	m.settleLocked(len(m.queue))
	m.mu.Unlock()
	eventually(t, "all is committed", func() bool { return maps.Equal(committedSums(t, c), map[string]int{"a": 100, "b": 10}) })
	m.stop(t)
	if _, repeated := handled(m); len(repeated) > 0 || m.moved() != "gone map[], lost map[]" {
		t.Errorf("came again: %v; events %v", repeated, m.events)
	}
}

// A Source whose window is full follows too, and takes nothing more for that.
func TestTopicsChangeWhileTheWindowIsFull(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	ensure(t, c, "b", 2)
	ensure(t, c, "c", 2)
	produce(t, c, "a", 200, []byte("v"))
	o := options(c, "a", Window{Messages: 10, Bytes: 1 << 20})
	o.Topics, o.RevokeDrain = []string{"a", "b"}, 100*time.Millisecond
	m := newChanging(t, o, false)
	m.start(t)
	holding(t, map[string]int{"a": 2, "b": 2}, m)
	m.until(t, "it is full", func() bool { return len(m.queue) >= 10 })
	began := time.Now()
	m.set(t, "a", "c")
	holding(t, map[string]int{"a": 2, "c": 2}, m)
	t.Logf("it took %v", time.Since(began))
	m.mu.Lock()
	if n := len(m.queue); n > 10+headroom {
		t.Errorf("%d messages are in flight", n)
	}
	m.auto = true
	m.settleLocked(len(m.queue))
	m.mu.Unlock()
	m.until(t, "all came", func() bool { return len(m.got) == 200 })
	m.stop(t)
	if _, repeated := handled(m); len(repeated) > 0 || m.moved() != "gone map[b:2], lost map[]" {
		t.Errorf("came again: %v; events %v", repeated, m.events)
	}
}

// Topics that don't exist yet hold up nothing of the others, are named, and are
// read once they do; a Source of which none exists leaves the group until then.
func TestTopicsThatAreToCome(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	ensure(t, c, "b", 2)
	m := openChanging(t, options(c, "a", wide))
	holding(t, map[string]int{"a": 2}, m)
	missing := func(names string) func() bool {
		return func() bool {
			for _, trouble := range m.source.Status().Troubles {
				if trouble.Kind == "topic" {
					return strings.HasPrefix(trouble.Text, "topic "+names+" does not exist")
				}
			}
			return names == ""
		}
	}
	m.set(t, "a", "later", "b", "never")
	holding(t, map[string]int{"a": 2, "b": 2}, m)
	eventually(t, "both are named", missing("later, never"))
	ensure(t, c, "later", 2)
	holding(t, map[string]int{"a": 2, "b": 2, "later": 2}, m)
	eventually(t, "one is named", missing("never"))
	m.set(t, "never")
	holding(t, map[string]int{}, m)
	if text := m.moved(); text != "gone map[a:2 b:2 later:2], lost map[]" {
		t.Error(text)
	}
	ensure(t, c, "never", 2)
	produce(t, c, "never", 20, []byte("v"))
	m.until(t, "it reads the last one", func() bool { return len(m.got) == 20 })
	eventually(t, "none is named", missing(""))
	m.stop(t)
}

// A topic that was deleted under its readers doesn't keep others from coming, and
// is read when it is made anew.
func TestTopicsChangeWhileOneIsDeleted(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	for _, topic := range []string{"b", "c"} {
		ensure(t, c, topic, 2)
	}
	o := options(c, "a", wide)
	o.Topics = []string{"a", "b"}
	m := openChanging(t, o)
	holding(t, map[string]int{"a": 2, "b": 2}, m)
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := admin.DeleteTopics(ctx, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	m.set(t, "a", "b", "c")
	holding(t, map[string]int{"a": 2, "c": 2}, m)
	ensure(t, c, "b", 2)
	holding(t, map[string]int{"a": 2, "b": 2, "c": 2}, m)
	if text := m.moved(); strings.Contains(text, "a:") {
		t.Error(text)
	}
	m.stop(t)
}

// Eager rebalances move everything, and lose and repeat nothing either.
func TestTopicsChangeWithRange(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 4)
	ensure(t, c, "b", 4)
	ensure(t, c, "c", 4)
	c.Assignor = "range"
	o := options(c, "a", wide)
	o.Topics = []string{"a", "b"}
	stop := load(t, c, "a", "b", "c")
	m1, m2 := openChanging(t, o), openChanging(t, o)
	holding(t, map[string]int{"a": 4, "b": 4}, m1, m2)
	for _, topics := range [][]string{{"a", "c"}, {"c", "later"}, {"a", "b", "c"}} {
		want := map[string]int{}
		for _, topic := range topics {
			want[topic] = 4
		}
		delete(want, "later")
		m1.set(t, topics...)
		m2.set(t, topics...)
		holding(t, want, m1, m2)
	}
	made := stop()
	eventually(t, fmt.Sprintf("all of %v", made), func() bool {
		got, _ := handled(m1, m2)
		return maps.Equal(got, made)
	})
	m1.stop(t)
	m2.stop(t)
	if _, repeated := handled(m1, m2); len(repeated) > 0 {
		t.Errorf("handled %v; events %v, %v", repeated, m1.events, m2.events)
	}
}

// The last of several changes counts, whenever they come: before the start, while
// the group forms, and during another change. After the end they do nothing.
func TestTheLastChangeCounts(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	ensure(t, c, "b", 2)
	ensure(t, c, "c", 2)
	m := newChanging(t, options(c, "a", wide), true)
	m.set(t, "c")
	m.set(t, "b", "b")
	m.start(t)
	holding(t, map[string]int{"b": 2}, m)
	for range 20 {
		m.set(t, "a")
		m.set(t, "b", "c")
	}
	m.set(t, "c", "a")
	holding(t, map[string]int{"a": 2, "c": 2}, m)
	m.set(t, "b")
	m.set(t, "a", "c")
	m.stays(t, "back again", time.Second, func() bool { return !m.saw("Lost") })
	holding(t, map[string]int{"a": 2, "c": 2}, m)
	during := make(chan error, 1)
	go func() { during <- m.source.SetTopics([]string{"a", "b"}) }()
	m.stop(t)
	if err := <-during; err != nil {
		t.Error(err)
	}
	m.set(t, "b")
}

func TestTopicsAreRefused(t *testing.T) {
	c := Config{Brokers: []string{"127.0.0.1:1"}, Group: "g"}
	c.SetDefaults()
	s, err := NewConsumer(options(c, "a", wide))
	if err != nil {
		t.Fatal(err)
	}
	for want, topics := range map[string][]string{
		"set topics of group g_base: there are none: stop the consumer instead":         {},
		"set topics of group g_base: one has an empty name":                             {"a", ""},
		`set topics of group g_base: "^a": patterns are not supported, name the topics`: {"^a"},
	} {
		if err := s.SetTopics(topics); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", topics, err, want)
		}
	}
	if got := s.Status().Topics; !slices.Equal(got, []string{"a"}) {
		t.Errorf("status has %v", got)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// What waits in topics that went is no longer a part of the backlog.
func TestBacklogFollowsTheTopics(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	ensure(t, c, "b", 2)
	produce(t, c, "a", 30, []byte("v"))
	produce(t, c, "b", 50, []byte("v"))
	probe, err := NewProbe(c, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Stop()
	o := options(c, "a", wide)
	o.Probe = probe
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	s.SetPaused(true)
	r := &receiver{source: s, to: s, auto: true, got: map[string]int{}, change: make(chan struct{})}
	if err := s.Start(r.emit); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		topics []string
		want   int64
	}{{[]string{"a"}, 30}, {[]string{"a", "b"}, 80}, {[]string{"b"}, 50}} {
		if err := s.SetTopics(step.topics); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprintf("%v have a backlog of %d", step.topics, step.want), func() bool { return s.waiting() == step.want })
	}
	// An answer for partitions that went while it was asked for.
	a := boostd.TopicPartition{Topic: "a"}
	b := s.partitions()[0]
	s.count([]boostd.TopicPartition{a, b}, map[boostd.TopicPartition]int64{a: 1000, b: 7})
	s.mu.Lock()
	ends := maps.Clone(s.ends)
	s.mu.Unlock()
	if _, there := ends[a]; there {
		t.Errorf("the ends are %v", ends)
	}
	r.stop(t)
}

// A client that replaces another reads the topics as they are now.
func TestAReplacedClientReadsTheNewTopics(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	ensure(t, c, "b", 2)
	produce(t, c, "b", 20, []byte("v"))
	consumer, err := NewConsumer(options(c, "a", wide))
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{to: consumer, auto: true, got: map[string]int{}, change: make(chan struct{})}
	if err := consumer.Start(r.emit); err != nil {
		t.Fatal(err)
	}
	r.until(t, "assigned", func() bool { return r.saw("Assigned") })
	if err := consumer.SetTopics([]string{"b"}); err != nil {
		t.Fatal(err)
	}
	during := make(chan error, 1)
	go func() {
		var errs []error
		for range 100 {
			errs = append(errs, consumer.SetTopics([]string{"a", "b"}), consumer.SetTopics([]string{"b"}))
		}
		during <- errors.Join(errs...)
	}()
	if err := errors.Join(consumer.replace(errClientEnded), <-during); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the new topic is read", func() bool { return len(r.got) == 20 })
	if got := consumer.Status().Topics; !slices.Equal(got, []string{"b"}) {
		t.Errorf("status has %v", got)
	}
	eventually(t, "the new client has nothing else", func() bool {
		tps := consumer.current.Load().partitions()
		return len(tps) == 2 && tps[0].Topic == "b" && tps[1].Topic == "b"
	})
	r.stop(t)
}
