package producer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/kafkaio/embedded"
	"github.com/kafkaboost/boostd/priority"
)

// broker is one for all tests of the package, orders its topic, boosted from 8.
var broker *embedded.Broker

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if broker, err = embedded.Start(embedded.Options{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer broker.Close()
		if err := createTopics(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func createTopics() error {
	admin, err := kafkaio.NewAdmin(kafkaio.Config{Brokers: []string{broker.Addr()}})
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var all []kafkaio.TopicSpec
	for _, name := range []string{"orders", "orders_8", "orders_9", "orders_10", "reports"} {
		all = append(all, kafkaio.TopicSpec{Name: name, Partitions: 1})
	}
	_, err = admin.EnsureTopics(ctx, all)
	return err
}

const someSettings = `{"max_priority": 10, "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 8}],
 "Topics_priority": [{"topic": "reports", "priority": 3}]}`

func options(t testing.TB) Options {
	t.Helper()
	s, _, err := priority.Parse([]byte(someSettings))
	if err != nil {
		t.Fatal(err)
	}
	return Options{Kafka: kafkaio.Config{Brokers: []string{broker.Addr()}}, Resolver: With(s)}
}

func start(t testing.TB, change func(*Options)) *Producer {
	t.Helper()
	o := options(t)
	change(&o)
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestRoute(t *testing.T) {
	plain := start(t, func(*Options) {})
	embed := start(t, func(o *Options) { o.EmbedPriority = true })
	strict := start(t, func(o *Options) { o.Strict = true })
	gold := []boostd.Header{{Key: "priority", Value: []byte("2")}, {Key: "tenant", Value: []byte("gold")}, {Key: "priority", Value: []byte("4")}}
	for _, c := range []struct {
		name string
		p    *Producer
		m    Message
		want string // topic, value, headers; empty: refused
	}{
		{"default", plain, Message{Topic: "orders", Value: []byte("v")}, "orders v priority=0"},
		{"topic", plain, Message{Topic: "reports", Value: []byte("v")}, "reports v priority=3"},
		{"value", plain, Message{Topic: "orders", Value: []byte(`{"priority":9}`)}, `orders_9 {"priority":9} priority=9`},
		{"explicit", plain, Message{Topic: "orders", Value: []byte("v"), Priority: new(10)}, "orders_10 v priority=10"},
		{"explicit, no field", plain, Message{Topic: "orders", Value: []byte(`{"a":1}`), Priority: new(8)}, `orders_8 {"a":1} priority=8`},
		{"explicit, the field agrees", plain, Message{Topic: "orders", Value: []byte(`{"priority":"8"}`), Priority: new(8)}, `orders_8 {"priority":"8"} priority=8`},
		{"explicit, the field disagrees", plain, Message{Topic: "orders", Value: []byte(`{ "priority": 1 }`), Priority: new(8)}, `orders_8 { "priority": 8 } priority=8`},
		{"header, the field disagrees", plain, Message{Topic: "orders", Value: []byte(`{"priority":1}`), Headers: gold}, `orders {"priority":4} tenant=gold priority=4`},
		{"clamped", plain, Message{Topic: "orders", Priority: new(99)}, "orders_10  priority=10"},
		{"a level's own topic", plain, Message{Topic: "orders_9", Value: []byte("v"), Priority: new(3)}, "orders_9 v priority=9"},
		{"embedded", embed, Message{Topic: "orders", Value: []byte(`{"a":1}`)}, `orders {"a":1, "priority": 0} priority=0`},
		{"embedded in an empty one", embed, Message{Topic: "orders", Value: []byte(`{}`), Priority: new(9)}, `orders_9 {"priority": 9} priority=9`},
		{"not in what is no object", embed, Message{Topic: "orders", Value: []byte(`[1]`)}, `orders [1] priority=0`},
		{"strict", strict, Message{Topic: "orders", Priority: new(10)}, "orders_10  priority=10"},
		{"strict, above", strict, Message{Topic: "orders", Priority: new(11)}, ""},
		{"strict, below", strict, Message{Topic: "orders", Priority: new(-1)}, ""},
		{"strict, mistyped", strict, Message{Topic: "orders", Value: []byte(`{"priority":"high"}`)}, ""},
		{"no topic", plain, Message{}, ""},
		{"no name", plain, Message{Topic: "a b"}, ""},
	} {
		given := string(c.m.Value)
		r, err := c.p.Route(c.m)
		if string(c.m.Value) != given {
			t.Errorf("%s: the message's own value has changed to %s", c.name, c.m.Value)
		}
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: %+v, want an error", c.name, r)
			}
			continue
		}
		got := fmt.Sprintf("%s %s", r.Record.Topic, r.Record.Value)
		for _, h := range r.Record.Headers {
			got += fmt.Sprintf(" %s=%s", h.Key, h.Value)
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %s (%v), want %s", c.name, got, err, c.want)
		}
	}
}

func TestSendAll(t *testing.T) {
	p := start(t, func(*Options) {})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all := p.SendAll(ctx, []Message{{Topic: "orders", Value: []byte("a"), Priority: new(9)}, {Topic: "a b"}, {Topic: "nowhere"}, {Topic: "orders", Value: []byte("b")}})
	if all[0].Err != nil || all[0].Topic != "orders_9" || all[0].Resolution.Level != 9 || all[3].Err != nil || all[3].Topic != "orders" {
		t.Errorf("%+v", all)
	}
	if all[1].Err == nil || !errors.Is(all[2].Err, kafkaio.ErrNoTopic) {
		t.Errorf("%+v", all)
	}
}

// Answers that come later find nobody.
func TestSendAllEndsWithItsContext(t *testing.T) {
	p := start(t, func(o *Options) { o.Kafka.ProducerProperties = map[string]string{"linger.ms": "500"} })
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	for _, d := range p.TrySendAll(ctx, []Message{{Topic: "orders"}, {Topic: "orders"}}) {
		if !errors.Is(d.Err, gone) {
			t.Errorf("%+v, want the context's cause", d)
		}
	}
}

func TestFullQueue(t *testing.T) {
	p := start(t, func(o *Options) {
		o.Kafka.ProducerProperties = map[string]string{"linger.ms": "200", "queue.buffering.max.messages": "2"}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	full := 0
	messages := []Message{{Topic: "orders"}, {Topic: "orders"}, {Topic: "orders"}, {Topic: "orders"}, {Topic: "orders"}}
	for _, d := range p.TrySendAll(ctx, messages) {
		if errors.Is(d.Err, kafkaio.ErrQueueFull) {
			full++
		} else if d.Err != nil {
			t.Error(d.Err)
		}
	}
	if full == 0 || full == len(messages) {
		t.Errorf("%d of %d found the queue full", full, len(messages))
	}
	for _, d := range p.SendAll(ctx, messages) { // these wait for room
		if d.Err != nil {
			t.Error(d.Err)
		}
	}
}

// What is given up is answered, too.
func TestCloseAnswersAll(t *testing.T) {
	o := options(t)
	o.Kafka.ProducerProperties = map[string]string{"linger.ms": "60000"}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 2)
	for range 2 {
		if err := p.Send(t.Context(), Message{Topic: "orders"}, func(d Delivery) { answered <- d.Err }); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = p.Close(ctx)
	for range 2 {
		select {
		case <-answered:
		default:
			t.Error("a message has no answer")
		}
	}
}

// A reload counts for the next message.
func TestSettingsInForce(t *testing.T) {
	r := options(t).Resolver()
	p := start(t, func(o *Options) { o.Resolver = func() *priority.Resolver { return r } })
	m := Message{Topic: "reports"}
	if got, _ := p.Route(m); got.Resolution.Level != 3 {
		t.Errorf("level %d, want 3", got.Resolution.Level)
	}
	next, _, err := priority.Parse([]byte(`{"max_priority": 5, "Topics_priority": [{"topic": "reports", "priority": 5}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r = priority.NewResolver(next)
	if got, _ := p.Route(m); got.Resolution.Level != 5 {
		t.Errorf("level %d, want 5", got.Resolution.Level)
	}
}

// What Reconfigure says counts for the next message, whoever sends meanwhile.
func TestReconfigure(t *testing.T) {
	p := start(t, func(*Options) {})
	m := Message{Topic: "orders", Value: []byte(`{"a":1}`), Priority: new(11)}
	p.Reconfigure(Config{EmbedPriority: true})
	if r, err := p.Route(m); err != nil || string(r.Record.Value) != `{"a":1, "priority": 10}` {
		t.Errorf("%s, %v", r.Record.Value, err)
	}
	p.Reconfigure(Config{Strict: true})
	if _, err := p.Route(m); !errors.Is(err, ErrRefused) {
		t.Errorf("a priority that is none: %v", err)
	}
}

func BenchmarkRoute(b *testing.B) {
	p := start(b, func(*Options) {})
	m := Message{Topic: "orders", Value: []byte(`{"order_id": 1234567, "note": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Route(m); err != nil {
			b.Fatal(err)
		}
	}
}
