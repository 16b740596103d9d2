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

// consumer is what SetTopics is asked of.
type consumer interface {
	Start(emit func(any)) error
	SetTopics(topics []string) error
	Status() boostd.SourceStatus
}

func openChanging(t testing.TB, o SourceOptions) *changing {
	t.Helper()
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	m := &changing{receiver: &receiver{source: s, to: s, auto: true, got: map[string]int{}, change: make(chan struct{})}}
	m.moves.gone, m.moves.lost = map[string]int{}, map[string]int{}
	if err := s.Start(m.note); err != nil {
		t.Fatal(err)
	}
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

// takeMoves returns what has gone since the last call.
func (m *changing) takeMoves() (gone, lost map[string]int) {
	m.moves.Lock()
	defer m.moves.Unlock()
	gone, lost = m.moves.gone, m.moves.lost
	m.moves.gone, m.moves.lost = map[string]int{}, map[string]int{}
	return gone, lost
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

// holding waits until members have so many partitions of each topic in all, and
// none of others.
func holding(t testing.TB, want map[string]int, members ...*changing) {
	t.Helper()
	members[0].until(t, fmt.Sprintf("members have %v", want), func() bool {
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

// handled are messages by topic; repeated those that came more than once.
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
	return by, repeated
}

// Two members get other topics under load, one after the other: of those that stay
// nothing moves, what goes is committed, and no message is lost or handled twice.
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
	m2.until(t, "half is the other's", func() bool { return len(m2.source.partitions()) == 6 })
	holding(t, map[string]int{"a": 6, "b": 6}, m1, m2)
	t.Log(m1.held(), m2.held(), m1.source.Status().Rebalances)
	for _, topics := range [][]string{{"a", "c"}, {"b", "a"}, {"a", "c", "b"}} {
		want := map[string]int{}
		for _, topic := range topics {
			want[topic] = 6
		}
		m1.takeMoves()
		m2.takeMoves()
		before := m1.source.Status().Rebalances
		m1.set(t, topics...)
		m2.set(t, topics...)
		began := time.Now()
		holding(t, want, m1, m2)
		t.Log(time.Since(began), m1.held(), m2.held(), m1.source.Status().Rebalances-before)
		for _, m := range []*changing{m1, m2} {
			gone, lost := m.takeMoves()
			t.Log(gone, lost)
		}
	}
	made := stop()
	m1.until(t, fmt.Sprintf("all %v", made), func() bool {
		got, _ := handled(m2)
		return maps.Equal(got, made)
	})
}
