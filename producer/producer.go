// Package producer sends messages to the topics that their priority belongs to.
// It is for applications and for boostd's own commands.
//
// It owns the way from a message to its topic: the settings say which priority
// it has, the header priority carries it, and a boosted topic's message goes to
// the topic of its level. The payload stays as it is, but for a field priority
// that somebody else would believe. Delivery, batching and retries are the Kafka
// client's, in kafkaio.
package producer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/record"
)

// Options say where messages go.
type Options struct {
	// Kafka needs its brokers; no group.
	Kafka kafkaio.Config
	// Resolver returns the settings in force; it is asked for every message.
	Resolver func() *priority.Resolver
	// EmbedPriority writes the level into the field priority of values that are
	// JSON objects: KafkaBoost's consumers read nothing else. Without it only a
	// field that is there and says something else is corrected, and only where an
	// argument or the header priority gives the level: else they would read another.
	EmbedPriority bool
	// Strict refuses a priority that is outside 0 … max_priority, or no whole
	// number, instead of taking the nearest level or passing it over.
	Strict bool
	// Logger may be nil.
	Logger hclog.Logger
}

// With is the resolver of a document that doesn't change, for Options.
func With(s *priority.Settings) func() *priority.Resolver {
	r := priority.NewResolver(s)
	return func() *priority.Resolver { return r }
}

// Message is what to send: Topic is the base topic, Priority, unless it is nil,
// goes before whatever the message says itself. Its slices may be used again
// once it is sent.
type Message = record.Record

// Delivery is what became of a message. Offset and Partition count when Err is
// nil; otherwise the message was not written, or nobody knows.
type Delivery struct {
	Topic      string
	Partition  int32
	Offset     int64
	Resolution priority.Resolution
	Err        error
}

// ErrRefused says that Strict refuses a message.
var ErrRefused = errors.New("refused")

// Producer sends messages, idempotently and acknowledged by all replicas. Safe
// from any goroutine.
type Producer struct {
	options Options
	config  atomic.Pointer[Config] // what Reconfigure may change
	client  *kafkaio.Producer
	acks    sync.Pool // of *ack
}

// New makes a producer. It doesn't wait for a connection.
func New(o Options) (*Producer, error) {
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	client, err := kafkaio.NewProducer(o.Kafka, o.Logger)
	if err != nil {
		return nil, err
	}
	p := &Producer{options: o, client: client}
	p.Reconfigure(Config{EmbedPriority: o.EmbedPriority, Strict: o.Strict})
	return p, nil
}

// Reconfigure changes what Options say of EmbedPriority and Strict, for messages that
// are sent from now on.
func (p *Producer) Reconfigure(c Config) { p.config.Store(&c) }

// Send queues a message; while the queue is full it waits for room, at most until
// ctx ends. When it returns nil, done is called once, from the producer's own
// goroutine: it must be quick. done may be nil.
func (p *Producer) Send(ctx context.Context, m Message, done func(Delivery)) error {
	r, err := p.Route(m)
	if err != nil {
		return err
	}
	return p.SendRouted(ctx, r, done)
}

// SendRouted is Send for a message that was routed before.
func (p *Producer) SendRouted(ctx context.Context, r Routed, done func(Delivery)) error {
	return p.client.Produce(ctx, r.Record, p.ack(r, done))
}

// TrySend is Send without the wait: its error wraps kafkaio.ErrQueueFull.
func (p *Producer) TrySend(m Message, done func(Delivery)) error {
	r, err := p.Route(m)
	if err != nil {
		return err
	}
	return p.client.TryProduce(r.Record, p.ack(r, done))
}

// ack remembers a message until it is answered, and is used again then.
type ack struct {
	producer *Producer
	topic    string
	res      priority.Resolution
	done     func(Delivery)
}

func (p *Producer) ack(r Routed, done func(Delivery)) kafkaio.Ack {
	if done == nil {
		return nil
	}
	a, _ := p.acks.Get().(*ack)
	if a == nil {
		a = &ack{producer: p}
	}
	a.topic, a.res, a.done = r.Record.Topic, r.Resolution, done
	return a
}

// Acked implements kafkaio.Ack.
func (a *ack) Acked(partition int32, offset int64, err error) {
	d, done := Delivery{Topic: a.topic, Partition: partition, Offset: offset, Resolution: a.res, Err: err}, a.done
	a.done = nil
	a.producer.acks.Put(a)
	done(d)
}

// SendAll sends messages and waits until each is acknowledged or has failed, or
// ctx ends: those without an answer until then carry its error, and may still be
// written. The deliveries are in the messages' order.
func (p *Producer) SendAll(ctx context.Context, messages []Message) []Delivery {
	return collect(ctx, messages, func(m Message, done func(Delivery)) error { return p.Send(ctx, m, done) })
}

// TrySendAll is SendAll without waiting for room in the queue: messages for which
// there is none carry kafkaio.ErrQueueFull.
func (p *Producer) TrySendAll(ctx context.Context, messages []Message) []Delivery {
	return collect(ctx, messages, p.TrySend)
}

func collect(ctx context.Context, messages []Message, send func(Message, func(Delivery)) error) []Delivery {
	var mu sync.Mutex // answers that come after ctx's end find no reader
	deliveries, answered := make([]Delivery, len(messages)), make([]bool, len(messages))
	var open sync.WaitGroup
	for n, m := range messages {
		open.Add(1)
		answer := func(d Delivery) {
			mu.Lock()
			deliveries[n], answered[n] = d, true
			mu.Unlock()
			open.Done()
		}
		if err := send(m, answer); err != nil {
			answer(Delivery{Topic: m.Topic, Err: err})
		}
	}
	all := make(chan struct{})
	go func() {
		open.Wait() // each message is answered, at the latest when the producer is closed
		close(all)
	}()
	select {
	case <-all:
		return deliveries
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	result := make([]Delivery, len(messages))
	for n := range result {
		if result[n] = deliveries[n]; !answered[n] {
			result[n] = Delivery{Topic: messages[n].Topic, Err: fmt.Errorf("wait for the acknowledgement: %w", context.Cause(ctx))}
		}
	}
	return result
}

// Routed is a message of which it is known where it goes, and with which headers
// and value. It shares the message's slices.
type Routed struct {
	Record     kafkaio.Record
	Resolution priority.Resolution
}

// Route decides about a message by the settings in force now. Who sends many can
// do that on another goroutine than sending, which costs as much again.
func (p *Producer) Route(m Message) (Routed, error) {
	if err := priority.CheckTopic(m.Topic); err != nil {
		return Routed{}, err
	}
	res, topic := p.options.Resolver().Produced(&boostd.Message{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}, m.Priority)
	if p.config.Load().Strict && (res.Clamped || res.Mistyped) {
		return Routed{}, fmt.Errorf("message to %s: its priority is no level of the settings: %w", m.Topic, ErrRefused)
	}
	return Routed{kafkaio.Record{
		Topic: topic, Partition: kafkaio.AnyPartition, Key: m.Key,
		Value: p.value(m, res), Headers: Headers(m.Headers, res.Level),
	}, res}, nil
}

// value is the payload, with the level in it where somebody would read another.
func (p *Producer) value(m Message, res priority.Resolution) []byte {
	if !p.config.Load().EmbedPriority {
		there, same := false, false
		if res.By == priority.ByExplicit {
			there, same = priority.Embedded(m.Value, res.Level)
		}
		if !there || same {
			return m.Value
		}
	}
	return priority.Embed(m.Value, res.Level)
}

// stamps are the headers of messages that have none of their own, by level.
var stamps = func() (all [priority.MaxLevel + 1][]boostd.Header) {
	for n := range all {
		all[n] = []boostd.Header{{Key: priority.Header, Value: strconv.AppendInt(nil, int64(n), 10)}}
	}
	return all
}()

// Headers are a message's own, with the level in the place of any other. They are a
// new slice where there are some, and never to be changed.
func Headers(own []boostd.Header, level boostd.Level) []boostd.Header {
	if len(own) == 0 {
		return stamps[level]
	}
	all := make([]boostd.Header, 0, len(own)+1)
	for _, h := range own {
		if h.Key != priority.Header {
			all = append(all, h)
		}
	}
	return append(all, stamps[level]...)
}

// Flush waits until everything queued is acknowledged or has failed, or ctx ends.
func (p *Producer) Flush(ctx context.Context) error { return p.client.Flush(ctx) }

// Close flushes, at most until ctx ends, and ends the producer: what isn't
// acknowledged then is lost, and the error says how much that is.
func (p *Producer) Close(ctx context.Context) error {
	err := p.client.Flush(ctx)
	p.client.Close()
	return err
}
