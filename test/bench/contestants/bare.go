package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"golang.org/x/sync/errgroup"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// The least that confluent-kafka-go can be used with: for each level a consumer and a
// goroutine that polls it and does each message's work at once, in order. So it has no
// slots and no priority: it is the measure for throughput, memory and idle cost.
//
// runBare is tuned: the properties say how (client.go); offsets are noted once a second
// for each partition instead of once for each message; and the collector waits longer,
// since what lives is small and what dies is much. Messages of several partitions are
// polled one by one: the client has no call in Go that takes several.
func runBare(ctx context.Context, t *task.Task, r *recorder) error {
	debug.SetGCPercent(gcPercent)
	return runLevels(ctx, t, r, func(level int) (*bare, error) {
		b := &bare{slot: r.slot(), level: level, topic: topics(t)[level-t.Lowest], next: make([]kafka.Offset, t.Partitions)}
		var err error
		b.consumer, err = subscribe(tuned(t, groupOf(t, level)), []string{b.topic}, b.rebalanced)
		return b, err
	})
}

// runBareDefault is what the client's examples show: it has its default properties, which
// commit a message that was handed out, done or not, and Go's default runtime.
func runBareDefault(ctx context.Context, t *task.Task, r *recorder) error {
	return runLevels(ctx, t, r, func(level int) (*bare, error) {
		b := &bare{slot: r.slot(), level: level, topic: topics(t)[level-t.Lowest]}
		var err error
		b.consumer, err = subscribe(plain(t, groupOf(t, level)), []string{b.topic}, nil)
		return b, err
	})
}

// gcPercent has the collector run half as often as by default.
const gcPercent = 200

// bare is one level's loop; all of it is its goroutine's own.
type bare struct {
	slot     *slot
	level    int
	topic    string
	consumer *kafka.Consumer
	// next are the offsets behind what is done, by partition, 0 for nothing; nil where
	// the client itself notes what it hands out.
	next  []kafka.Offset
	count int // of messages since the clock was last looked at
	noted time.Time
}

func runLevels(ctx context.Context, t *task.Task, r *recorder, open func(level int) (*bare, error)) error {
	var all []*bare
	for level := t.Lowest; level <= t.Highest; level++ {
		b, err := open(level)
		if err != nil {
			return err
		}
		all = append(all, b)
	}
	r.polling()
	loops, ctx := errgroup.WithContext(ctx)
	for _, b := range all {
		loops.Go(func() error { return errors.Join(poll(ctx, b.consumer, b.handle, b.idle), b.close()) })
	}
	return loops.Wait()
}

// noteEvery is the time between two notes of what is done, countEvery how many messages
// are not worth a look at the clock.
const (
	noteEvery  = time.Second
	countEvery = 256
)

func (b *bare) handle(m *kafka.Message) {
	p := &m.TopicPartition
	b.slot.handle(b.level, b.topic, p.Partition, int64(p.Offset), producedAt(m))
	if b.next == nil {
		return
	}
	b.next[p.Partition] = p.Offset + 1
	if b.count++; b.count >= countEvery {
		b.idle()
	}
}

// idle notes what is done, when it is time to.
func (b *bare) idle() {
	b.count = 0
	if now := time.Now(); now.Sub(b.noted) >= noteEvery {
		b.noted = now
		b.note()
	}
}

func (b *bare) note() {
	var done []kafka.TopicPartition
	for partition, offset := range b.next {
		if offset > 0 {
			done = append(done, kafka.TopicPartition{Topic: &b.topic, Partition: int32(partition), Offset: offset})
		}
	}
	if len(done) > 0 {
		_, _ = b.consumer.StoreOffsets(done) // of partitions that are gone it knows nothing
	}
}

// rebalanced is called by Poll; the client itself then takes or leaves the partitions, and
// commits before it leaves them.
func (b *bare) rebalanced(_ *kafka.Consumer, e kafka.Event) error {
	if revoked, ok := e.(kafka.RevokedPartitions); ok {
		b.note()
		for _, p := range revoked.Partitions {
			b.next[p.Partition] = 0
		}
	}
	return nil
}

// close commits and leaves.
func (b *bare) close() error {
	b.note()
	return b.consumer.Close()
}
