package demo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/kafkaio"
)

// customers is how many keys the messages have.
const customers = 5000

// load produces messages and keeps the ledger of those that were acknowledged.
type load struct {
	setup    *setup
	producer *kafkaio.Producer
	ledger   verdict.Ledger
	acked    [maxLevel + 1]atomic.Int64

	sent int // only touched by the one who produces

	mu     sync.Mutex
	failed error // the first
	lost   int   // how many were not acknowledged
}

func newLoad(s *setup, logger hclog.Logger) (*load, error) {
	p, err := kafkaio.NewProducer(s.config.Kafka, logger)
	if err != nil {
		return nil, err
	}
	return &load{setup: s, producer: p}, nil
}

// one produces one message of a level.
func (l *load) one(ctx context.Context, level boostd.Level) error {
	l.sent++
	topic := l.setup.topicOf(level)
	key := "customer-" + strconv.Itoa(l.sent%customers)
	now := time.Now()
	return l.producer.Produce(ctx, kafkaio.Record{
		Topic: topic, Partition: kafkaio.AnyPartition, Key: []byte(key),
		Value:   fmt.Appendf(nil, `{"priority":%d,"order":%d,"customer":%q,"note":"boostd demo"}`, level, l.sent, key),
		Headers: []boostd.Header{{Key: "produced_at_ns", Value: strconv.AppendInt(nil, now.UnixNano(), 10)}},
	}, kafkaio.AckFunc(func(partition int32, offset int64, err error) { l.ack(level, topic, partition, offset, err) }))
}

// ack is called from the producer's goroutine.
func (l *load) ack(level boostd.Level, topic string, partition int32, offset int64, err error) {
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lost++
		if l.failed == nil {
			l.failed = err
		}
		return
	}
	l.ledger.Add(verdict.Entry{
		TopicPartition: boostd.TopicPartition{Topic: topic, Partition: partition},
		Offset:         offset, Level: level, AckedAt: time.Now(),
	})
	l.acked[level].Add(1)
}

// backlog produces the plan's low-priority messages, highest level first, and
// waits for their acknowledgement. Each level has its share of the time, and
// gets fewer messages when the machine is slow.
func (l *load) backlog(ctx context.Context, p plan) error {
	total := p.total()
	for level := lowMax; level >= 0; level-- {
		until := time.Now().Add(p.producing * time.Duration(p.backlog[level]) / time.Duration(total))
		for n := range p.backlog[level] {
			if n >= fewest/10 && n%100 == 0 && time.Now().After(until) {
				break
			}
			if err := l.one(ctx, level); err != nil {
				return fmt.Errorf("make the backlog: %w", err)
			}
		}
	}
	return l.flush(ctx)
}

// stream produces high-priority messages in turn, evenly in time, until over is
// closed or ctx ends.
func (l *load) stream(ctx context.Context, p plan, over <-chan struct{}) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / p.rate))
	defer ticker.Stop()
	for level := maxLevel; ; level-- {
		if level == lowMax {
			level = maxLevel
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-over:
			return l.flush(ctx)
		case <-ticker.C:
		}
		if err := l.one(ctx, level); err != nil {
			return fmt.Errorf("produce the stream: %w", err)
		}
	}
}

// flush waits for the acknowledgements and reports those that failed.
func (l *load) flush(ctx context.Context) error {
	if err := l.producer.Flush(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return errors.Join(fmt.Errorf("%d messages were not acknowledged: the first", l.lost), l.failed)
	}
	return nil
}

// produced is how many messages of each level were acknowledged so far.
func (l *load) produced() (n counts) {
	for level := range l.acked {
		n[level] = int(l.acked[level].Load())
	}
	return n
}

// total is how many messages were acknowledged so far.
func (l *load) total() int { return l.ledger.Len() }

func (l *load) close() { l.producer.Close() }
