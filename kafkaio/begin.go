package kafkaio

import (
	"errors"
	"fmt"
	"slices"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/offsets"
)

// applyOrigins tells the tracker what was found and has the client read the
// partitions. They are not given to it before: one that is paused and resumed while
// it still asks for its offset begins at the wrong one. The poll loop's.
func (s *Source) applyOrigins() {
	s.mu.Lock()
	found := s.origins
	s.origins = nil
	var begin []kafka.TopicPartition
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
		default:
			begin = append(begin, p)
		}
	}
	s.mu.Unlock()
	s.readFrom(begin)
}

// readFrom has the client read more partitions.
func (s *Source) readFrom(begin []kafka.TopicPartition) {
	if len(begin) == 0 {
		return
	}
	for _, p := range begin {
		tp := partitionOf(p)
		if _, reading := s.poll.reading[tp]; reading {
			s.poll.reading[tp] = p.Offset
		}
	}
	err := s.startTogether(begin)
	if err == nil {
		err = s.take(begin)
	}
	switch {
	case err != nil:
	case s.poll.paused:
		err = s.client.Pause(begin)
	default:
		s.wakeFor(begin)
	}
	if err != nil {
		s.setTrouble("rebalance", fmt.Errorf("read %d partitions of %s: %w", len(begin), s.o.Group, err))
	}
	if s.o.Probe != nil {
		s.o.Probe.nudge()
	}
}

// startTogether has the client's first partitions wait, so that it begins to fetch all of
// them at once: the broker may hold a fetch for fetch.wait.max.ms, and a partition that
// the client comes to a moment later waits for that to end. They are paused until its
// threads have done all that an assignment makes them do: applyEndings goes on. The
// client pauses only what it knows, and to ask for a position makes it known. Where it is to look
// for an offset itself nothing waits: a partition that is resumed meanwhile begins at
// the wrong one.
func (s *Source) startTogether(begin []kafka.TopicPartition) error {
	has, err := s.client.Assignment()
	if err != nil {
		return err
	}
	if len(has) > 0 || slices.ContainsFunc(begin, func(p kafka.TopicPartition) bool { return p.Offset < 0 }) {
		return nil
	}
	if _, err := s.client.Position(begin); err != nil {
		return err
	}
	if err := s.client.Pause(begin); err != nil {
		return err
	}
	for _, p := range begin {
		s.poll.starting[partitionOf(p)] = true
	}
	return nil
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
		if o.first >= 0 {
			return kafka.Offset(o.first), err
		}
		return s.o.Config.begin(), err
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
