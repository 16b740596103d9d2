package kafkaio

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// Two members get other topics under load: nothing moves of those that stay, what
// goes is committed before it goes, and no message is lost or handled twice.
func TestTopicsChangeUnderLoad(t *testing.T) { inBothWays(t, testTopicsChangeUnderLoad) }

func testTopicsChangeUnderLoad(t *testing.T) {
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
