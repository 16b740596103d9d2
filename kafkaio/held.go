package kafkaio

import (
	"context"
	"errors"
	"fmt"

	"github.com/kafkaboost/boostd"
)

// Retry implements actors.Source.
func (s *Source) Retry(ctx context.Context, tp boostd.TopicPartition, offset int64) error {
	if !s.holds(tp, offset) {
		return boostd.ErrNotHeld
	}
	m, err := readOne(ctx, s.o.Config, tp, offset)
	if err != nil {
		return err
	}
	s.mu.Lock()
	epoch, ok := s.tracker.Release(tp, offset)
	if ok {
		m.Epoch = epoch
		s.unheld = append(s.unheld, boostd.Unheld{TopicPartition: tp, Offset: offset})
		s.again = append(s.again, *m)
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

// readOne reads a single message.
func readOne(ctx context.Context, c Config, tp boostd.TopicPartition, offset int64) (one *boostd.Message, err error) {
	err = read(ctx, c, []Range{{tp, offset, offset + 1}}, func(m *boostd.Message) error {
		one = m
		return nil
	})
	if err == nil && one == nil {
		err = errGone
	}
	if err != nil {
		return nil, fmt.Errorf("read %v@%d: %w", tp, offset, err)
	}
	return one, nil
}
