package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// member is a consumer that handles everything at once and notes what comes and
// what goes.
type member struct {
	consumer *kafkaio.Consumer
	mu       sync.Mutex
	got      map[string]int // by message
	has      map[boostd.TopicPartition]bool
	went     map[string]int // by topic: partitions that were asked back
	lost     int            // partitions
	troubles map[string]string
}

func enter(t *testing.T, c kafkaio.Config, group string, topics ...string) *member {
	t.Helper()
	consumer, err := kafkaio.NewConsumer(kafkaio.SourceOptions{Config: c, Group: group, Topics: topics, Level: "base",
		Window: kafkaio.Window{Messages: 1000, Bytes: 1 << 20}, Activity: &kafkaio.Activity{}, Logger: rig.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	m := &member{consumer: consumer, got: map[string]int{}, has: map[boostd.TopicPartition]bool{}, went: map[string]int{}, troubles: map[string]string{}}
	if err := consumer.Start(m.take); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *member) take(event any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := event.(type) {
	case *boostd.Assigned:
		for _, tp := range e.Partitions {
			m.has[tp] = true
		}
	case *boostd.Revoking:
		for _, tp := range e.Partitions {
			m.went[tp.Topic]++
			delete(m.has, tp)
		}
		m.consumer.Drained(e.Partitions)
	case *boostd.Lost:
		m.lost += len(e.Partitions)
		for _, tp := range e.Partitions {
			delete(m.has, tp)
		}
	case *boostd.Trouble:
		delete(m.troubles, e.Kind)
		if e.Err != nil {
			m.troubles[e.Kind] = e.Err.Error()
		}
	case *boostd.Batch:
		var done []boostd.Settlement
		for n := range e.Messages {
			m.got[e.Messages[n].String()]++
			done = append(done, boostd.Settlement{Message: &e.Messages[n], Outcome: boostd.Done})
		}
		m.consumer.Settle(done)
	}
}

func (m *member) set(t *testing.T, topics ...string) {
	t.Helper()
	if err := m.consumer.SetTopics(topics); err != nil {
		t.Fatal(err)
	}
}

func (m *member) leave(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	if err := m.consumer.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// partitions are a member's, by topic.
func (m *member) partitions() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	by := map[string]int{}
	for tp := range m.has {
		by[tp.Topic]++
	}
	return by
}

// share waits until members have all partitions of these topics, and no others.
func share(t *testing.T, partitions int, topics []string, members ...*member) {
	t.Helper()
	want := map[string]int{}
	for _, topic := range topics {
		want[topic] = partitions
	}
	rig.Eventually(t, fmt.Sprintf("members have %v", want), func() bool {
		all := map[string]int{}
		for _, m := range members {
			for topic, n := range m.partitions() {
				all[topic] += n
			}
		}
		return maps.Equal(all, want)
	})
}

// writing produces to topics until it is told to stop, and then says how much it
// has made of each.
func writing(t *testing.T, c kafkaio.Config, topics ...string) (stop func() map[string]int) {
	t.Helper()
	p, err := kafkaio.NewProducer(c, rig.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	end, ended, made := make(chan struct{}), make(chan struct{}), map[string]int{}
	failed := kafkaio.AckFunc(func(_ int32, _ int64, err error) {
		if err != nil {
			t.Errorf("produce: %v", err)
		}
	})
	go func() {
		defer close(ended)
		defer p.Close()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			for _, topic := range topics {
				r := kafkaio.Record{Topic: topic, Partition: kafkaio.AnyPartition, Key: fmt.Append(nil, n), Value: []byte("v")}
				if err := p.Produce(context.Background(), r, failed); err != nil {
					t.Errorf("produce: %v", err)
				}
				made[topic]++
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

// numbers are the different messages that members handled, by topic, and how many
// were handled again.
func numbers(members ...*member) (by map[string]int, repeated int) {
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
		repeated += n - 1
	}
	return by, repeated
}

// Two members get other topics while they work: what stays doesn't move, and no
// message is lost or handled twice, also of topics that go and come back.
func TestTopicsChangeWhileMembersWork(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{})
		stays, goes, comes, later := s.Base, s.Base+"_5", s.Base+"_6", s.Base+"_7"
		ensure(t, s.Config, stays, goes, comes)
		stop := writing(t, s.Config, stays, goes, comes)
		m1 := enter(t, s.Config, s.Group, stays, goes)
		share(t, 2, []string{stays, goes}, m1)
		m2 := enter(t, s.Config, s.Group, stays, goes)
		rig.Eventually(t, "the members share", func() bool { return len(m2.partitions()) > 0 })
		share(t, 2, []string{stays, goes}, m1, m2)
		if m1.partitions()[stays] > m2.partitions()[stays] {
			m1, m2 = m2, m1 // while only one has the new topic, its balance must not need others
		}
		before := m1.went[stays] + m2.went[stays]
		for _, topics := range [][]string{{stays, comes}, {stays, goes, later}, {stays, goes, comes}} {
			m1.set(t, topics...)
			m2.set(t, topics...)
			began := time.Now()
			share(t, 2, slices.DeleteFunc(slices.Clone(topics), func(topic string) bool { return topic == later }), m1, m2)
			t.Logf("%v after %v", topics, time.Since(began))
		}
		made := stop()
		rig.Eventually(t, "all is handled", func() bool {
			by, _ := numbers(m1, m2)
			return maps.Equal(by, made)
		})
		if n := m1.went[stays] + m2.went[stays] - before; n > 0 || m1.lost+m2.lost > 0 {
			t.Errorf("%d partitions of the topic that stays went, %d were lost", n, m1.lost+m2.lost)
		}
		m1.leave(t)
		m2.leave(t)
		if _, repeated := numbers(m1, m2); repeated > 0 {
			t.Errorf("%d messages were handled again", repeated)
		}
		again := enter(t, s.Config, s.Group, stays, goes, comes)
		share(t, 2, []string{stays, goes, comes}, again)
		rig.Quiet(t, time.Second, func() bool { by, _ := numbers(again); return len(by) == 0 }) // all is committed
		again.leave(t)
	})
}

// A topic that may not be seen keeps no other one from coming; it is named, and is
// read once it may be.
func TestADeniedTopicHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Security: true, Authorizer: true})
	s := cluster.Secure()
	ensure(t, kafkaio.Config{Brokers: cluster.Brokers()}, "orders", "orders_5", "orders_6", "orders_7")
	allow := grants(t, cluster.Brokers(), s.Scram512.Name)
	for _, topic := range []string{"orders", "orders_5", "orders_6"} {
		allow("topic", topic, true)
	}
	allow("group", "g_base", true)
	c := kafkaio.Config{Brokers: s.SASLSSL, Properties: login("sasl_ssl", s.Scram512, "ssl.ca.location", s.CAFile), Group: "g"}
	c.SetDefaults()
	m := enter(t, c, "g_base", "orders", "orders_5")
	share(t, 2, []string{"orders", "orders_5"}, m)
	m.set(t, "orders", "orders_6", "orders_7")
	share(t, 2, []string{"orders", "orders_6"}, m)
	trouble := func(want string) func() bool {
		return func() bool {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.troubles["authorization"] == want
		}
	}
	rig.Eventually(t, "it is named", trouble(`topic orders_7 may not be read by user "scram512": allow it READ on the topic`))
	allow("topic", "orders_7", true)
	share(t, 2, []string{"orders", "orders_6", "orders_7"}, m)
	rig.Eventually(t, "it is over", trouble(""))
	allow("topic", "orders_6", false)
	rig.Eventually(t, "the other one is named", trouble(`topic orders_6 may not be read by user "scram512": allow it READ on the topic`))
	m.set(t, "orders", "orders_5", "orders_6")
	share(t, 2, []string{"orders", "orders_5"}, m)
	if m.went["orders"] > 0 {
		t.Errorf("what went: %v", m.went)
	}
	m.leave(t)
}
