package kafkaio

import (
	"context"
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
	o.oneByOne = readOneByOne(t)
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
