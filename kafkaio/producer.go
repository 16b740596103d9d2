package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// Record is a message to produce.
type Record struct {
	Topic string
	// Partition is chosen by the key, as KafkaBoost does, when AnyPartition.
	Partition  int32
	Key, Value []byte
	Headers    []boostd.Header
}

// AnyPartition leaves the choice to the partitioner.
const AnyPartition int32 = kafka.PartitionAny

// Ack hears what became of a record, once, from the producer's own goroutine: it
// must be quick. On an error the record was not written, or nobody knows.
type Ack interface {
	Acked(partition int32, offset int64, err error)
}

// AckFunc is a function as Ack.
type AckFunc func(partition int32, offset int64, err error)

// Acked implements Ack.
func (f AckFunc) Acked(partition int32, offset int64, err error) { f(partition, offset, err) }

// Producer writes records, idempotently and acknowledged by all replicas.
// Safe from any goroutine.
type Producer struct {
	client *kafka.Producer
	forms  sync.Pool    // of *form
	open   atomic.Int64 // records whose Ack hasn't returned
	ended  chan struct{}
	tasks  sync.WaitGroup
	logger hclog.Logger
}

// form is a record as the client wants it. The client copies what it needs, so
// that a form can be used again.
type form struct {
	message kafka.Message
	topic   string
	headers [2]kafka.Header
}

// NewProducer makes a producer. It doesn't wait for a connection.
func NewProducer(c Config, logger hclog.Logger) (*Producer, error) {
	return newProducer(c.OfProducer("producer"), logger)
}

// NewSingleProducer makes one that sends each record by itself: it is slower, and shows
// which record it is that brokers don't take.
func NewSingleProducer(c Config, logger hclog.Logger) (*Producer, error) {
	return newProducer(merge(c.OfProducer("producer"), single), logger)
}

// single has a record sent by itself.
var single = map[string]string{"batch.num.messages": "1"}

func newProducer(properties map[string]string, logger hclog.Logger) (*Producer, error) {
	logs := make(chan kafka.LogEvent, 64)
	config := configMap(properties)
	(*config)["go.logs.channel"] = logs
	(*config)["go.delivery.report.fields"] = "none" // an Ack knows what it is for
	client, err := kafka.NewProducer(config)
	if err != nil {
		return nil, fmt.Errorf("make producer: %w", err)
	}
	p := &Producer{client: client, ended: make(chan struct{}), logger: logger}
	p.tasks.Go(func() { p.log(logs) })
	p.tasks.Go(p.events)
	return p, nil
}

// events serves acknowledgements until Close.
func (p *Producer) events() {
	defer close(p.ended)
	for event := range p.client.Events() {
		if m, ok := event.(*kafka.Message); ok {
			if ack, ok := m.Opaque.(Ack); ok {
				ack.Acked(m.TopicPartition.Partition, int64(m.TopicPartition.Offset), p.outcome(m.TopicPartition))
				p.open.Add(-1)
			}
		}
	}
}

// outcome is what became of a record. One without an offset was never confirmed: the
// client concludes from what came later that it is written, and may be wrong.
func (p *Producer) outcome(at kafka.TopicPartition) error {
	if at.Error == nil && at.Offset < 0 {
		return fmt.Errorf("produce to %s: %w", *at.Topic, ErrUnanswered)
	}
	return produceError(*at.Topic, p.cause(at.Error))
}

// cause is why a record failed: a client that can't go on gives up all of them,
// and says only of itself why.
func (p *Producer) cause(err error) error {
	if err == nil {
		return nil
	}
	if fatal := p.client.GetFatalError(); fatal != nil {
		return fatal
	}
	return err
}

// log serves the client's log until Close.
func (p *Producer) log(lines <-chan kafka.LogEvent) {
	for {
		select {
		case l := <-lines:
			p.logger.Debug("kafka client", "tag", l.Tag, "text", l.Message)
		case <-p.ended:
			return
		}
	}
}

// ErrQueueFull says that as much waits for the brokers as may.
var ErrQueueFull = errors.New("the producer's queue is full")

// fullWait is how long Produce waits before it looks for room again.
const fullWait = 2 * time.Millisecond

// Produce queues a record. While the queue is full it waits for room. Key, value
// and headers may be used again afterwards. ack may be nil.
func (p *Producer) Produce(ctx context.Context, r Record, ack Ack) error {
	for {
		err := p.TryProduce(r, ack)
		if !errors.Is(err, ErrQueueFull) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("produce to %s: %w", r.Topic, context.Cause(ctx))
		case <-time.After(fullWait):
		}
	}
}

// TryProduce is Produce without the wait: the error wraps ErrQueueFull.
func (p *Producer) TryProduce(r Record, ack Ack) error {
	f, _ := p.forms.Get().(*form)
	if f == nil {
		f = &form{}
	}
	f.topic = r.Topic
	headers := f.headers[:0]
	for _, h := range r.Headers {
		headers = append(headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	f.message = kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &f.topic, Partition: r.Partition},
		Key:            r.Key, Value: r.Value, Headers: headers,
	}
	if ack != nil {
		f.message.Opaque = ack
		p.open.Add(1)
	}
	err := p.client.Produce(&f.message, nil)
	if err != nil && ack != nil {
		p.open.Add(-1)
	}
	f.message, f.headers = kafka.Message{}, [2]kafka.Header{} // keeps nothing of the caller's
	p.forms.Put(f)
	return produceError(r.Topic, p.cause(err))
}

// produceError says what to do about an error of a record.
func produceError(topic string, err error) error {
	if err == nil { // mostly: what comes next is for the heap
		return nil
	}
	var k kafka.Error
	if !errors.As(err, &k) {
		return err
	}
	switch k.Code() {
	case kafka.ErrQueueFull:
		err = ErrQueueFull
	case kafka.ErrUnknownTopic, kafka.ErrUnknownTopicOrPart:
		err = ErrNoTopic
	case kafka.ErrTopicAuthorizationFailed:
		err = fmt.Errorf("%w: %w: grant Write on the topic", ErrDenied, err)
	case kafka.ErrClusterAuthorizationFailed:
		err = fmt.Errorf("%w: %w: grant Write on the topic, or IdempotentWrite on the cluster", ErrDenied, err)
	case kafka.ErrMsgSizeTooLarge:
		err = fmt.Errorf("%w: more than the topic's max.message.bytes, or than message.max.bytes in kafka.producer_properties, allows", ErrTooLarge)
	case kafka.ErrMsgTimedOut, kafka.ErrTimedOut:
		err = ErrUnanswered
	}
	if k.IsFatal() || k.Code() == kafka.ErrFatal {
		err = fmt.Errorf("%w: %w", ErrFatal, err)
	}
	return fmt.Errorf("produce to %s: %w", topic, err)
}

// What a record's error may be.
var (
	ErrNoTopic    = errors.New("the topic doesn't exist, `boostd topics ensure` creates those that the settings ask for")
	ErrDenied     = errors.New("no permission")
	ErrTooLarge   = errors.New("the message is too large")
	ErrUnanswered = errors.New("no broker has confirmed it in time, it may be written or not")
	// ErrFatal: this producer sends nothing more, another one may. Brokers that have
	// lost messages, or forgotten who wrote them, lead to it.
	ErrFatal = errors.New("the producer can't go on")
)

// Flush waits until everything queued is acknowledged or has failed, and every Ack
// has returned, or ctx ends.
func (p *Producer) Flush(ctx context.Context) error {
	for p.client.Flush(100) > 0 || p.open.Load() > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("flush producer with %d records waiting: %w", max(int64(p.client.Len()), p.open.Load()), context.Cause(ctx))
		case <-time.After(flushPause):
		}
	}
	return nil
}

const (
	// flushPause is for an Ack that is still running when the client has no more.
	flushPause = time.Millisecond
	// purgeWait bounds the wait for the errors of what is given up.
	purgeWait = time.Second
)

// Close ends the producer; what isn't flushed is given up, and its Acks hear so.
func (p *Producer) Close() {
	if p.open.Load() > 0 {
		_ = p.client.Purge(kafka.PurgeInFlight | kafka.PurgeQueue) // the closed client forgets them anyway
		ctx, cancel := context.WithTimeout(context.Background(), purgeWait)
		defer cancel()
		_ = p.Flush(ctx)
	}
	p.client.Close()
	p.tasks.Wait()
}
