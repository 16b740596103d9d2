package daemon

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/kafkaio/embedded"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/priority"
)

// forwardsOn are forwards of a daemon that has settings and brokers, and runs nothing.
func forwardsOn(t *testing.T, brokers []string, properties map[string]string) *forwards {
	t.Helper()
	settings, _, err := priority.Parse([]byte(`{"max_priority":10,"default_priority":0,"Priority_boost":[{"topic_name":"orders","priority_boost_min_value":5,"number_of_partitions":1},{"topic_name":"all","priority_boost_min_value":0,"number_of_partitions":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	file := &conf.File{Kafka: kafkaio.Config{Brokers: brokers, ProducerProperties: properties}, Topics: map[string]conf.Topic{"inbox": {}, "all": {}, "by_7": {}}}
	d := withConfig(&Daemon{logger: hclog.NewNullLogger()}, file)
	d.settings.put(newDocument(settings, nil, ""))
	h := conf.Handler{}
	h.SetDefaults()
	f := d.newForwards(h)
	t.Cleanup(func() {
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestForwardRoutes(t *testing.T) {
	f := forwardsOn(t, nil, nil)
	for _, c := range []struct {
		from  string
		level boostd.Level
		base  string
		topic string
		stamp string
	}{
		{"inbox", 7, "orders", "orders_7", "7"},
		{"inbox", 4, "orders", "orders", "4"},
		{"inbox", 99, "orders", "orders_10", "10"},
		{"inbox", 7, "unknown", "unknown", "7"},
		{"all", 0, "", "all_0", "0"},
		{"all_3", 3, "", "all_3", "3"},
		{"by_7", 2, "", "by_7", "2"}, // a base topic that looks like a level's
	} {
		own := []boostd.Header{{Key: "h", Value: []byte("v")}, {Key: "priority", Value: []byte("x")}}
		topic, headers := f.Route(&boostd.Message{Topic: c.from, Level: c.level, Headers: own}, c.base)
		if want := fmt.Sprint([]boostd.Header{own[0], {Key: "priority", Value: []byte(c.stamp)}}); topic != c.topic || fmt.Sprint(headers) != want {
			t.Errorf("%s at level %d to %q: %s with %v, want %s with %s", c.from, c.level, c.base, topic, headers, c.topic, want)
		}
	}
}

func TestForwardConfigBoundsRecords(t *testing.T) {
	for _, c := range []struct {
		properties map[string]string
		timeout    time.Duration
		want       string
	}{
		{nil, 30 * time.Second, "22500"},
		{map[string]string{"linger.ms": "5"}, time.Millisecond, "1000"},
		{map[string]string{"message.timeout.ms": "7"}, 30 * time.Second, "7"},
		{map[string]string{"delivery.timeout.ms": "7"}, 30 * time.Second, ""},
	} {
		before := len(c.properties)
		got := forwardConfig(kafkaio.Config{ProducerProperties: c.properties}, c.timeout)
		if got.ProducerProperties["message.timeout.ms"] != c.want || len(c.properties) != before {
			t.Errorf("%v with %v: %v", c.properties, c.timeout, got.ProducerProperties)
		}
	}
}

// What a broker says of a message comes back; a topic that isn't there may come to be,
// and what is too large never fits.
func TestForwardOutcomes(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	f := forwardsOn(t, []string{b.Addr()}, map[string]string{"message.max.bytes": "2000", "topic.metadata.propagation.max.ms": "100"})
	admin, err := kafkaio.NewAdmin(f.kafka)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := admin.EnsureTopics(ctx, []kafkaio.TopicSpec{{Name: "there", Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	write := func(topic string, size int) error {
		answer := make(chan error, 1)
		if err := f.Forward(ctx, &boostd.Message{Value: make([]byte, size)}, topic, nil, func(err error) { answer <- err }); err != nil {
			return err
		}
		return <-answer
	}
	if err := write("there", 10); err != nil {
		t.Error(err)
	}
	if err := write("absent", 10); !errors.Is(err, kafkaio.ErrNoTopic) || errors.Is(err, plugins.ErrNeverForwarded) {
		t.Errorf("error %v of an absent topic", err)
	}
	if err := write("there", 5000); !errors.Is(err, plugins.ErrNeverForwarded) {
		t.Errorf("error %v of a large message", err)
	}
	// A client that can't go on is replaced at the next message.
	spent := f.client
	_ = f.judged(spent, fmt.Errorf("%w: fenced", kafkaio.ErrFatal))
	if err := write("there", 10); err != nil || f.client == spent {
		t.Errorf("error %v, the same client: %v", err, f.client == spent)
	}
	if err := f.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := write("there", 10); !errors.Is(err, errForwardsClosed) {
		t.Errorf("error %v behind Close", err)
	}
}
