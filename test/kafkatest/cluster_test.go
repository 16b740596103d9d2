package kafkatest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// testLimit bounds whatever a test asks of a cluster.
const testLimit = 60 * time.Second

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func client(t *testing.T, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// createTopic asks for one partition on every node.
func createTopic(t *testing.T, ctx context.Context, c *kgo.Client, topic string, replicas int) {
	t.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = topic, 1, int16(replicas)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(resp.Topics[0].ErrorCode); err != nil {
		t.Fatalf("create topic: %v", err)
	}
}

// roundTrip produces the value and consumes it back with a group of its own.
func roundTrip(t *testing.T, brokers []string, topic, value string, opts ...kgo.Opt) {
	t.Helper()
	ctx := within(t, testLimit)
	p := client(t, brokers, opts...)
	if err := p.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatalf("produce: %v", err)
	}
	opts = append(opts, kgo.ConsumeTopics(topic), kgo.ConsumerGroup(topic+"-readers-of-"+value),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	c := client(t, brokers, opts...)
	for {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("consume: %v", err)
		}
		found := false
		fetches.EachRecord(func(r *kgo.Record) { found = found || string(r.Value) == value })
		if found {
			return
		}
	}
}

func TestOneNodeProducesConsumesAndSurvives(t *testing.T) {
	started := time.Now()
	// Fast, because a killed node is let in again when its old session is over.
	c := kafkatest.New(t, kafkatest.Options{FastFailover: true})
	t.Logf("ready after %v", time.Since(started))
	createTopic(t, within(t, testLimit), client(t, c.Brokers()), "orders", 1)
	roundTrip(t, c.Brokers(), "orders", "first")

	n := c.Node(0)
	for i, end := range []struct {
		name string
		by   func() error
	}{
		{"kill", n.Kill},
		{"stop", func() error { return n.Stop(within(t, testLimit)) }},
		{"kill while paused", func() error {
			if err := n.Pause(); err != nil {
				return err
			}
			return n.Kill()
		}},
		{"stop while paused", func() error {
			if err := n.Pause(); err != nil {
				return err
			}
			return n.Stop(within(t, testLimit))
		}},
	} {
		before := n.PID()
		if err := end.by(); err != nil {
			t.Fatalf("%s: %v", end.name, err)
		}
		if err := ping(within(t, time.Second), t, c.Brokers()); err == nil {
			t.Fatalf("%s: the node still answers", end.name)
		}
		started := time.Now()
		if err := n.Start(within(t, testLimit)); err != nil {
			t.Fatalf("start after %s: %v", end.name, err)
		}
		t.Logf("again ready after %s in %v", end.name, time.Since(started))
		if n.PID() == before {
			t.Fatalf("start after %s: still process %d", end.name, before)
		}
		roundTrip(t, c.Brokers(), "orders", fmt.Sprint("after-", i))
	}
	if err := n.Start(within(t, testLimit)); err == nil {
		t.Error("a running node was started once more")
	}
}

// ping asks once for the versions of the API, over a new connection.
func ping(ctx context.Context, t *testing.T, brokers []string, opts ...kgo.Opt) error {
	t.Helper()
	return client(t, brokers, opts...).Ping(ctx)
}

func TestAPausedNodeAnswersAfterContinue(t *testing.T) {
	c := kafkatest.New(t, kafkatest.Options{})
	if err := c.Node(0).Pause(); err != nil {
		t.Fatal(err)
	}
	hasty := kgo.RequestTimeoutOverhead(500 * time.Millisecond)
	if err := ping(within(t, 500*time.Millisecond), t, c.Brokers(), hasty); err == nil {
		t.Fatal("a paused node answered")
	}
	if err := c.Node(0).Continue(); err != nil {
		t.Fatal(err)
	}
	if err := ping(within(t, testLimit), t, c.Brokers()); err != nil {
		t.Fatalf("after continue: %v", err)
	}
	if err := c.Node(0).Pause(); err != nil { // Close has to end a paused node
		t.Fatal(err)
	}
}

func TestThreeNodesGoOnWithoutOne(t *testing.T) {
	started := time.Now()
	c := kafkatest.New(t, kafkatest.Options{Nodes: 3, FastFailover: true})
	t.Logf("ready after %v", time.Since(started))
	ctx := within(t, testLimit)
	admin := client(t, c.Brokers())
	resp, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Brokers) != 3 {
		t.Fatalf("the cluster has %d brokers, want 3", len(resp.Brokers))
	}
	for _, b := range resp.Brokers {
		if got, want := fmt.Sprintf("127.0.0.1:%d", b.Port), c.Node(int(b.NodeID)).Addr(); got != want {
			t.Errorf("broker %d is at %s, Node(%d) says %s", b.NodeID, got, b.NodeID, want)
		}
	}
	createTopic(t, ctx, admin, "orders", 3)
	roundTrip(t, c.Brokers(), "orders", "by-three")
	if err := c.Node(1).Kill(); err != nil {
		t.Fatal(err)
	}
	roundTrip(t, c.Brokers(), "orders", "by-two")
	if err := c.Node(2).Kill(); err != nil {
		t.Fatal(err)
	}
	started = time.Now()
	if err := c.StartAll(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("two of three again ready in %v", time.Since(started))
	roundTrip(t, c.Brokers(), "orders", "by-three-again")
}
