package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

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
