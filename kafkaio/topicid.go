package kafkaio

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// topicIDs asks for the topics' identities; a topic that can't be described, and
// one of brokers that have no identities, has none.
func (s *Source) topicIDs(tps []boostd.TopicPartition) (map[string]offsets.TopicID, error) {
	var names []string
	for _, tp := range tps {
		if !slices.Contains(names, tp.Topic) {
			names = append(names, tp.Topic)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), restoreTimeout)
	defer cancel()
	answer, err := s.watch.admin.DescribeTopics(ctx, kafka.NewTopicCollectionOfTopicNames(names), kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return nil, fmt.Errorf("describe topics of %s: %w", s.o.Group, err)
	}
	ids := map[string]offsets.TopicID{}
	for _, t := range answer.TopicDescriptions {
		if t.Error.Code() == kafka.ErrNoError {
			ids[t.Name] = topicID(t)
		}
	}
	return ids, nil
}

func topicID(t kafka.TopicDescription) (id offsets.TopicID) {
	binary.BigEndian.PutUint64(id[:8], uint64(t.TopicID.GetMostSignificantBits()))
	binary.BigEndian.PutUint64(id[8:], uint64(t.TopicID.GetLeastSignificantBits()))
	return id
}

// topicInterval is the time between two looks whether the topics are still the
// same. The client reads on at its position in a topic that was made anew, if the
// position is there: what lies below would be passed over.
const topicInterval = 15 * time.Second

// checkTopics looks at them until the Source ends.
func (s *Source) checkTopics() {
	tick := time.NewTicker(s.o.TopicInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		if err := s.findAnew(); err != nil {
			s.logger.Debug("topics can't be looked at", "error", err)
		}
	}
}

// findAnew leaves the partitions of other topics than before to the poll loop.
func (s *Source) findAnew() error {
	s.using.RLock()
	defer s.using.RUnlock()
	tps := s.partitions()
	if s.stopped.Load() || len(tps) == 0 {
		return nil
	}
	ids, err := s.topicIDs(tps)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tp := range tps {
		if was, is := s.tracker.Topic(tp), ids[tp.Topic]; was != (offsets.TopicID{}) && is != (offsets.TopicID{}) && was != is {
			s.anew = append(s.anew, tp)
			s.newIDs[tp.Topic] = is
		}
	}
	if len(s.anew) > 0 {
		s.nudge()
	}
	return nil
}

// readAnew begins partitions of topics that were made anew from their beginning, in
// a new epoch. The poll loop's.
func (s *Source) readAnew() {
	s.mu.Lock()
	var begin []boostd.TopicPartition
	for _, tp := range s.anew {
		if was := s.tracker.Topic(tp); was == (offsets.TopicID{}) || was == s.newIDs[tp.Topic] {
			continue // given away, or noticed otherwise, meanwhile
		}
		epoch := s.tracker.Assign(tp, offsets.Unknown)
		_ = s.tracker.Restore(tp, epoch, s.newIDs[tp.Topic], offsets.Unknown, "") // there is nothing that could be wrong
		s.positions[tp] = 0
		begin = append(begin, tp)
	}
	s.anew = nil
	clear(s.newIDs)
	s.mu.Unlock()
	if len(begin) == 0 {
		return
	}
	s.setTrouble("offsets_reset", fmt.Errorf("%s: the topic was deleted and made anew: read from the beginning", names(begin)))
	s.resets.Reset(resetStands)
	if err := s.rewindTo(begin, kafka.OffsetBeginning); err != nil {
		s.setTrouble("rebalance", fmt.Errorf("read %s from the beginning: %w", names(begin), err))
	}
}

// rewindTo has the client read assigned partitions from another offset. It can't
// seek in one that waits for its offset; so it lets go of it and takes it again.
func (s *Source) rewindTo(tps []boostd.TopicPartition, offset kafka.Offset) error {
	partitions := toKafka(tps)
	for n := range partitions {
		partitions[n].Offset = offset
	}
	if !s.cooperative() { // there is no letting go of some
		_, err := s.client.SeekPartitions(partitions)
		return err
	}
	err := errors.Join(s.letGo(tps), s.take(partitions))
	if err == nil && s.poll.paused {
		err = s.client.Pause(partitions)
	}
	return err
}
