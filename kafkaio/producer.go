package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

// Ack is called once for every record that Produce accepted, from the
// producer's own goroutine: it must be quick. On an error the record was not
// written, or nobody knows.
type Ack func(partition int32, offset int64, err error)

// Producer writes records, idempotently and acknowledged by all replicas.
// Safe from any goroutine.
type Producer struct {
	client *kafka.Producer
	tasks  sync.WaitGroup
	logger hclog.Logger
}

// NewProducer makes a producer. It doesn't wait for a connection.
func NewProducer(c Config, logger hclog.Logger) (*Producer, error) {
	logs := make(chan kafka.LogEvent, 64)
	config := c.producer("producer")
	(*config)["go.logs.channel"] = logs
	client, err := kafka.NewProducer(config)
	if err != nil {
		return nil, fmt.Errorf("make producer: %w", err)
	}
	p := &Producer{client: client, logger: logger}
	p.tasks.Go(func() { p.events(logs) })
	return p, nil
}

// events serves acknowledgements and the client's log until Close.
func (p *Producer) events(logs <-chan kafka.LogEvent) {
	for {
		select {
		case l := <-logs:
			p.logger.Debug("kafka client", "tag", l.Tag, "text", l.Message)
		case event, open := <-p.client.Events():
			if !open {
				return
			}
			if m, ok := event.(*kafka.Message); ok {
				if ack, ok := m.Opaque.(Ack); ok && ack != nil {
					ack(m.TopicPartition.Partition, int64(m.TopicPartition.Offset), m.TopicPartition.Error)
				}
			}
		}
	}
}

// Produce queues a record. While the client's queue is full it waits for room.
// ack may be nil.
func (p *Producer) Produce(ctx context.Context, r Record, ack Ack) error {
	m := &kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &r.Topic, Partition: r.Partition},
		Key:            r.Key, Value: r.Value, Opaque: ack,
	}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	for {
		err := p.client.Produce(m, nil)
		var full kafka.Error
		if err == nil {
			return nil
		} else if !errors.As(err, &full) || full.Code() != kafka.ErrQueueFull {
			return fmt.Errorf("produce to %s: %w", r.Topic, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("produce to %s: %w", r.Topic, context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Flush waits until everything queued is acknowledged, or ctx ends.
func (p *Producer) Flush(ctx context.Context) error {
	for p.client.Flush(100) > 0 {
		if ctx.Err() != nil {
			return fmt.Errorf("flush producer with %d records waiting: %w", p.client.Len(), context.Cause(ctx))
		}
	}
	return nil
}

// Close ends the producer; what isn't flushed is lost.
func (p *Producer) Close() {
	p.client.Close()
	p.tasks.Wait()
}
