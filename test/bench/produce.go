package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// value is a JSON object of exactly size bytes that tells its level; size is at least
// as long as one without padding.
func value(level, size int) []byte {
	text := fmt.Sprintf(`{"priority":%d,"pad":""}`, level)
	pad := strings.Repeat("x", max(size-len(text), 0))
	return []byte(text[:len(text)-2] + pad + `"}`)
}

// sending collects the first error of messages that are under way.
type sending struct {
	mu  sync.Mutex
	err error
}

func (s *sending) done(_ *kgo.Record, err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// flush waits until all is acknowledged.
func (s *stage) flush(ctx context.Context, sent *sending) error {
	if err := s.client.Flush(ctx); err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	sent.mu.Lock()
	defer sent.mu.Unlock()
	if sent.err != nil {
		return fmt.Errorf("produce: %w", sent.err)
	}
	return nil
}

// batch is messages that are alike.
type batch struct {
	topic      string
	partitions int
	count      int
	value      []byte
	// key of the nth, or nil for none.
	key func(n int) []byte
	// headers are those of all.
	headers []kgo.RecordHeader
}

// fill sends a batch, evenly over the partitions, and waits until it is acknowledged.
func (s *stage) fill(ctx context.Context, b batch) error {
	var sent sending
	for n := range b.count {
		r := &kgo.Record{Topic: b.topic, Partition: int32(n % b.partitions), Value: b.value, Headers: b.headers}
		if b.key != nil {
			r.Key = b.key(n)
		}
		s.client.Produce(ctx, r, sent.done)
	}
	if err := s.flush(ctx, &sent); err != nil {
		return fmt.Errorf("fill %s: %w", b.topic, err)
	}
	return nil
}

// stamp is the header that says when.
func stamp(at time.Time) []kgo.RecordHeader {
	return []kgo.RecordHeader{{Key: task.ProducedAt, Value: strconv.AppendInt(nil, at.UnixNano(), 10)}}
}

// stream sends perSecond messages a second for that time, stamped, the partitions in
// turn, and returns when each was made.
func (s *stage) stream(ctx context.Context, b batch, perSecond int, d time.Duration) (made []time.Time, err error) {
	var sent sending
	began := time.Now()
	for n := range int(d.Seconds() * float64(perSecond)) {
		due := began.Add(time.Duration(n+1) * time.Second / time.Duration(perSecond))
		if err := sleep(ctx, time.Until(due)); err != nil {
			return made, err
		}
		now := time.Now()
		made = append(made, now)
		s.client.Produce(ctx, &kgo.Record{Topic: b.topic, Partition: int32(n % b.partitions), Value: b.value, Headers: stamp(now)}, sent.done)
	}
	return made, s.flush(ctx, &sent)
}

// sleep lets time pass, unless ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
