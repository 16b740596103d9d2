package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// Retry implements actors.Source.
func (s *Source) Retry(ctx context.Context, tp boostd.TopicPartition, offset int64) error {
	if !s.holds(tp, offset) {
		return boostd.ErrNotHeld
	}
	k, err := readOne(ctx, s.o.Config, s.o.Group, tp, offset)
	if err != nil {
		return err
	}
	m := boostd.Message{Topic: tp.Topic}
	fill(&m, k, time.Now())
	s.mu.Lock()
	epoch, ok := s.tracker.Release(tp, offset)
	if ok {
		m.Epoch = epoch
		s.unheld = append(s.unheld, boostd.Unheld{TopicPartition: tp, Offset: offset})
		s.again = append(s.again, m)
	}
	s.mu.Unlock()
	if !ok { // it was resolved, or its partition given away, meanwhile
		return boostd.ErrNotHeld
	}
	s.nudge()
	return nil
}

// Skip implements actors.Source.
func (s *Source) Skip(tp boostd.TopicPartition, offset int64) error {
	s.mu.Lock()
	ok := s.tracker.Skip(tp, offset)
	if ok {
		s.unheld = append(s.unheld, boostd.Unheld{TopicPartition: tp, Offset: offset})
	}
	s.mu.Unlock()
	if !ok {
		return boostd.ErrNotHeld
	}
	s.nudge()
	return nil
}

func (s *Source) holds(tp boostd.TopicPartition, offset int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tracker.Holds(tp, offset)
}

// emitHeld emits what Retry and Skip have left. The poll loop's.
func (s *Source) emitHeld() {
	s.mu.Lock()
	unheld, again := s.unheld, s.again
	s.unheld, s.again = nil, nil
	for n := range again {
		s.unsettled.add(1, int64(again[n].Size()))
	}
	s.mu.Unlock()
	for n := range unheld {
		s.emit(&unheld[n])
	}
	if len(again) > 0 {
		s.o.Activity.add(len(again))
		s.emit(&boostd.Batch{Messages: again})
	}
}

// errGone says that a message is no longer there.
var errGone = errors.New("it is no longer in Kafka, by retention or compaction: skip it")

// readOne reads a single message with a client of its own, which joins nothing.
func readOne(ctx context.Context, c Config, group string, tp boostd.TopicPartition, offset int64) (*kafka.Message, error) {
	k, err := askOne(ctx, c, group, tp, offset)
	if err != nil {
		return nil, fmt.Errorf("read %v@%d: %w", tp, offset, err)
	}
	return k, nil
}

func askOne(ctx context.Context, c Config, group string, tp boostd.TopicPartition, offset int64) (*kafka.Message, error) {
	client, err := newBystander(c, group, "held")
	if err != nil {
		return nil, err
	}
	defer closeInTime(ctx, client)
	if _, high, err := client.QueryWatermarkOffsets(tp.Topic, tp.Partition, remaining(ctx)); err != nil || offset >= high {
		if err == nil {
			err = errGone
		}
		return nil, err
	}
	at := toKafka([]boostd.TopicPartition{tp})
	at[0].Offset = kafka.Offset(offset)
	if err := client.Assign(at); err != nil {
		return nil, err
	}
	var last error = kafka.NewError(kafka.ErrTimedOut, "no broker has sent it in time", false)
	for ctx.Err() == nil {
		switch e := client.Poll(100).(type) {
		case *kafka.Message:
			if e.TopicPartition.Error == nil && int64(e.TopicPartition.Offset) != offset {
				return nil, errGone
			}
			return e, e.TopicPartition.Error
		case kafka.PartitionEOF:
			return nil, errGone
		case kafka.Error:
			last = e
		}
	}
	return nil, last
}
