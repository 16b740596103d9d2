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
	// first is where one without a committed offset begins, Unknown if nobody knows.
	first int64
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
	firsts := s.firsts(committed)
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, c := range committed {
		if c.Error != nil { // the others are not kept waiting for it
			err = fmt.Errorf("list committed offsets of %s: %v: %w", s.o.Group, tps[n], c.Error)
			continue
		}
		o := origin{assignment: assigned[n], topic: topics[assigned[n].Topic], committed: max(int64(c.Offset), offsets.Unknown), first: firsts[n]}
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

// firsts asks the leaders where partitions without a committed offset begin. The client
// would look for that itself, for one after the other, and those that it finds later
// wait for the fetch of those before them, up to fetch.wait.max.ms.
func (s *Source) firsts(committed []kafka.TopicPartition) []int64 {
	all, begin := make([]int64, len(committed)), s.o.Config.begin()
	var times []kafka.TopicPartition
	for n, c := range committed {
		all[n] = offsets.Unknown
		if c.Offset < 0 && begin != kafka.OffsetInvalid {
			times = append(times, kafka.TopicPartition{Topic: c.Topic, Partition: c.Partition, Offset: begin})
		}
	}
	if len(times) == 0 {
		return all
	}
	answer, _ := s.client.OffsetsForTimes(times, int(restoreTimeout.Milliseconds())) // without one the client looks itself
	found := map[boostd.TopicPartition]int64{}
	for _, p := range answer {
		if p.Error == nil && p.Offset >= 0 {
			found[partitionOf(p)] = int64(p.Offset)
		}
	}
	for n, c := range committed {
		if first, ok := found[partitionOf(c)]; ok {
			all[n] = first
		}
	}
	return all
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
