package kafkaio

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// What was committed of a partition is asked for when it is assigned, and what
// topic it belongs to; until both are known nothing of it is read, because the
// completion map says which of its messages are done already.
const (
	// restoreTimeout bounds one question; it waits behind a rebalance.
	restoreTimeout = 2 * time.Second
	// restoreRetry is the time between two tries.
	restoreRetry = 200 * time.Millisecond
	// restoreLate is when it is a trouble that there is no answer.
	restoreLate = 10 * time.Second
)

// assignment is a partition in one epoch.
type assignment struct {
	boostd.TopicPartition
	epoch uint32
}

// origin is what brokers and group say of an assigned partition.
type origin struct {
	assignment
	topic     offsets.TopicID
	committed int64
	metadata  string
	// empty: nothing lay behind committed when it was asked for.
	empty bool
}

// restore asks until there is an answer, or nobody wants it any more.
func (s *Source) restore(assigned []assignment) {
	retry := time.NewTimer(restoreRetry)
	defer retry.Stop()
	for began := time.Now(); ; {
		err := s.askOrigins(assigned)
		if err == nil {
			s.clearTrouble("positions")
			return
		}
		if s.logger.IsDebug() {
			s.logger.Debug("committed offsets are not known yet", "error", err)
		}
		if time.Since(began) > restoreLate {
			s.setTrouble("positions", err)
		}
		retry.Reset(restoreRetry)
		select {
		case <-s.stop:
			return
		case <-retry.C:
		}
		if s.stopped.Load() {
			return
		}
		if assigned = s.unrestored(assigned); len(assigned) == 0 {
			s.clearTrouble("positions")
			return
		}
	}
}

// unrestored are those that are still waited for.
func (s *Source) unrestored(assigned []assignment) []assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(assigned, func(a assignment) bool { return s.restoring[a.TopicPartition] != a.epoch })
}

// askOrigins asks the Source's own client. An admin client's question for a
// group's offsets can end the whole process when the coordinator's connection
// breaks at the wrong moment (librdkafka, issue 4605).
func (s *Source) askOrigins(assigned []assignment) error {
	s.using.RLock()
	defer s.using.RUnlock()
	if s.stopped.Load() || len(assigned) == 0 {
		return nil
	}
	tps := make([]boostd.TopicPartition, len(assigned))
	for n, a := range assigned {
		tps[n] = a.TopicPartition
	}
	committed, err := s.client.Committed(toKafka(tps), int(restoreTimeout.Milliseconds()))
	if err != nil {
		return fmt.Errorf("list committed offsets of %s: %w", s.o.Group, err)
	}
	topics, err := s.topicIDs(tps)
	if err != nil {
		return err
	}
	empty := s.empty(committed)
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, c := range committed {
		if c.Error != nil { // the others are not kept waiting for it
			err = fmt.Errorf("list committed offsets of %s: %v: %w", s.o.Group, tps[n], c.Error)
			continue
		}
		o := origin{assignment: assigned[n], topic: topics[assigned[n].Topic], committed: max(int64(c.Offset), offsets.Unknown), empty: empty[tps[n]]}
		if c.Metadata != nil {
			o.metadata = *c.Metadata
		}
		s.origins = append(s.origins, o)
	}
	if len(s.origins) > 0 {
		s.nudge()
	}
	return err
}

// empty are the partitions of which there is nothing to read yet: an empty one's end
// the client tells only when its first fetch has waited for fetch.wait.max.ms in vain.
// It is the client itself that asks the leaders, so that it is connected to them and
// will see at once what comes next. Where there is no answer the fetch's is waited for.
func (s *Source) empty(committed []kafka.TopicPartition) map[boostd.TopicPartition]bool {
	ask := func(which kafka.Offset) map[boostd.TopicPartition]kafka.Offset {
		times := make([]kafka.TopicPartition, len(committed))
		for n, c := range committed {
			times[n] = kafka.TopicPartition{Topic: c.Topic, Partition: c.Partition, Offset: which}
		}
		answer, _ := s.client.OffsetsForTimes(times, int(restoreTimeout.Milliseconds()))
		at := map[boostd.TopicPartition]kafka.Offset{}
		for _, p := range answer {
			if p.Error == nil && p.Offset >= 0 {
				at[boostd.TopicPartition{Topic: *p.Topic, Partition: p.Partition}] = p.Offset
			}
		}
		return at
	}
	ends, begins := ask(kafka.OffsetEnd), map[boostd.TopicPartition]kafka.Offset{}
	if slices.ContainsFunc(committed, func(c kafka.TopicPartition) bool { return c.Offset < 0 }) {
		begins = ask(kafka.OffsetBeginning)
	}
	empty := map[boostd.TopicPartition]bool{}
	for _, c := range committed {
		tp := boostd.TopicPartition{Topic: *c.Topic, Partition: c.Partition}
		end, known := ends[tp]
		from, also := c.Offset, true
		if from < 0 {
			from, also = begins[tp]
		}
		empty[tp] = known && also && from >= end
	}
	return empty
}

// applyOrigins tells the tracker what was found and has the client read the
// partitions. They are not given to it before: one that is paused and resumed while
// it still asks for its offset begins at the wrong one. The poll loop's.
func (s *Source) applyOrigins() {
	s.mu.Lock()
	found := s.origins
	s.origins = nil
	var begin []kafka.TopicPartition
	var empty []boostd.TopicPartition
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
		if !reading && start == kafka.OffsetInvalid {
			s.poll.ended = s.noOffset(o.String())
		} else if !reading {
			begin = append(begin, kafka.TopicPartition{Topic: &o.Topic, Partition: o.Partition, Offset: start})
			if o.empty && err == nil {
				empty = append(empty, o.TopicPartition)
			}
		}
	}
	s.mu.Unlock()
	if len(begin) == 0 {
		return
	}
	err := s.take(begin)
	if err == nil && s.poll.paused {
		err = s.client.Pause(begin)
	}
	if err != nil {
		s.setTrouble("rebalance", fmt.Errorf("read %d partitions of %s: %w", len(begin), s.o.Group, err))
	} else {
		for _, tp := range empty {
			delete(s.poll.reading, tp)
		}
		s.checkCaughtUp()
	}
	if s.o.Probe != nil {
		s.o.Probe.nudge()
	}
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

func (s *Source) tellOrigin(o *origin, err error) {
	text := "what was done beyond the committed offset is not known: it is handled again"
	switch {
	case errors.Is(err, offsets.ErrForeign):
		text = "the committed offset carries metadata that isn't boostd's; it stays until the offset moves"
	case errors.Is(err, offsets.ErrOtherTopic):
		text = "the committed offset belongs to a topic that was deleted; the new one is read from its beginning"
	}
	s.logger.Warn(text, "partition", o.String(), "offset", o.committed, "reason", err)
}
