package kafkaio

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/offsets"
)

// late are partitions that were empty when they were assigned. They are read a moment
// later than those with messages: a first fetch that goes out for empty ones alone,
// because one with messages joins its broker a millisecond later, keeps that one
// waiting for fetch.wait.max.ms.
type late struct {
	partitions []kafka.TopicPartition
	epochs     []uint32
	until      time.Time
}

// latest is how long they wait for the first fetch of the others.
const latest = 100 * time.Millisecond

// applyOrigins tells the tracker what was found and has the client read the
// partitions. They are not given to it before: one that is paused and resumed while
// it still asks for its offset begins at the wrong one. The poll loop's.
func (s *Source) applyOrigins() {
	s.mu.Lock()
	found := s.origins
	s.origins = nil
	var begin []kafka.TopicPartition
	l := &s.poll.late
	for n := range found {
		o := &found[n]
		if s.restoring[o.TopicPartition] != o.epoch {
			continue
		}
		delete(s.restoring, o.TopicPartition)
		_, reading := s.tracker.Position(o.TopicPartition)
		start, err := s.begin(o)
		if err != nil {
			s.tellOrigin(o, err)
		}
		p := kafka.TopicPartition{Topic: &o.Topic, Partition: o.Partition, Offset: start}
		switch {
		case reading:
		case start == kafka.OffsetInvalid:
			s.poll.ended = s.noOffset(o.String())
		case err == nil && o.empty(o.committed):
			l.partitions, l.epochs = append(l.partitions, p), append(l.epochs, o.epoch)
			l.until = time.Now().Add(latest)
		default:
			begin = append(begin, p)
		}
	}
	s.mu.Unlock()
	s.readFrom(begin)
	s.readLate()
}

// readLate has the client read those that were empty, when all others have been seen
// something of, or their time is over. The poll loop's.
func (s *Source) readLate() {
	l := &s.poll.late
	if len(l.partitions) == 0 || len(s.poll.reading) > len(l.partitions) && time.Now().Before(l.until) {
		return
	}
	s.mu.Lock()
	n := 0
	begin := slices.DeleteFunc(l.partitions, func(p kafka.TopicPartition) bool {
		epoch, ok := s.tracker.Epoch(partitionOf(p))
		n++
		return !ok || epoch != l.epochs[n-1] // given away meanwhile
	})
	s.mu.Unlock()
	*l = late{}
	if s.readFrom(begin) {
		for _, p := range begin {
			delete(s.poll.reading, partitionOf(p))
		}
		s.checkCaughtUp()
	}
}

// readFrom has the client read more partitions.
func (s *Source) readFrom(begin []kafka.TopicPartition) bool {
	if len(begin) == 0 {
		return false
	}
	err := s.take(begin)
	if err == nil && s.poll.paused {
		err = s.client.Pause(begin)
	}
	if err != nil {
		s.setTrouble("rebalance", fmt.Errorf("read %d partitions of %s: %w", len(begin), s.o.Group, err))
	}
	if s.o.Probe != nil {
		s.o.Probe.nudge()
	}
	return err == nil
}

// begin tells the tracker of a partition, and says where to read it from. That is
// never left to the client: a question of its own for a committed offset that fails
// while assignments change is not asked again, and then it takes part in no
// rebalance any more, and holds up the group for max.poll.interval.ms. The caller
// holds mu.
func (s *Source) begin(o *origin) (kafka.Offset, error) {
	err := s.tracker.Restore(o.TopicPartition, o.epoch, o.topic, o.committed, o.metadata)
	switch {
	case errors.Is(err, offsets.ErrOtherTopic):
		s.positions[o.TopicPartition] = 0
		return kafka.OffsetBeginning, err
	case o.committed == offsets.Unknown:
		s.positions[o.TopicPartition] = offsets.Unknown
		return o.begin(s.o.Config.begin()), err
	}
	s.positions[o.TopicPartition] = o.committed
	return kafka.Offset(o.committed), err
}

// begin is where a partition without a committed offset is read from; INVALID,
// where kafka.start is none.
func (c Config) begin() kafka.Offset {
	switch c.Start {
	case "latest":
		return kafka.OffsetEnd
	case "none":
		return kafka.OffsetInvalid
	}
	return kafka.OffsetBeginning
}

// begin is a position of Kafka's as the offset that it stands for, if that is known.
func (b bounds) begin(at kafka.Offset) kafka.Offset {
	switch {
	case at == kafka.OffsetBeginning && b.first >= 0:
		return kafka.Offset(b.first)
	case at == kafka.OffsetEnd && b.end >= 0:
		return kafka.Offset(b.end)
	}
	return at
}
