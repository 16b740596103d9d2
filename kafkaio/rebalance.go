package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// rebalance is the client's callback. It runs inside Poll, in the poll loop's
// goroutine, or inside Close.
func (s *Source) rebalance(_ *kafka.Consumer, event kafka.Event) error {
	s.rebalances.Add(1)
	var err error
	switch e := event.(type) {
	case kafka.AssignedPartitions:
		err = s.assigned(e.Partitions)
	case kafka.RevokedPartitions:
		err = s.revoked(e.Partitions)
	}
	if err != nil {
		s.setTrouble("rebalance", err)
	} else {
		s.clearTrouble("rebalance")
	}
	return nil
}

func (s *Source) assigned(partitions []kafka.TopicPartition) error {
	s.flush()
	tps := fromKafka(partitions)
	s.tell("partitions assigned", tps)
	s.keepPlace()
	// The client wants its answer here. It gets the partitions from applyOrigins.
	err := s.take(nil)
	s.poll.expired = false
	s.clearTrouble("membership")
	s.watch.allowed(asMember)
	s.adopt(tps)
	s.poll.joined = true
	s.checkCaughtUp()
	return errors.Join(err, s.wakeForRest())
}

// adopt begins partitions in new epochs; they are read as soon as it is known from where.
func (s *Source) adopt(tps []boostd.TopicPartition) {
	s.mu.Lock()
	begun := make([]assignment, len(tps))
	for n, tp := range tps {
		begun[n] = assignment{tp, s.tracker.Assign(tp, offsets.Unknown)}
		s.restoring[tp] = begun[n].epoch
		s.poll.reading[tp] = kafka.OffsetInvalid
		delete(s.positions, tp)
	}
	s.mu.Unlock()
	if len(begun) > 0 {
		s.tasks.Go(func() { s.restore(begun) })
	}
	s.emit(&boostd.Assigned{Partitions: tps})
}

// take has the client read partitions from the offsets that they carry.
func (s *Source) take(partitions []kafka.TopicPartition) error {
	if s.cooperative() {
		return s.client.IncrementalAssign(partitions)
	}
	kept, err := s.client.Assignment()
	if err != nil {
		return err
	}
	s.mu.Lock()
	for n := range kept { // else they would be read anew from what is committed
		if next, ok := s.tracker.Position(partitionOf(kept[n])); ok {
			kept[n].Offset = kafka.Offset(next)
		}
	}
	s.mu.Unlock()
	return s.client.Assign(append(kept, partitions...))
}

// letGo has the client read partitions no more. It keeps the flag of a paused one
// beyond the assignment, so that it goes before.
func (s *Source) letGo(tps []boostd.TopicPartition) error {
	assigned, err := s.client.Assignment()
	if err != nil {
		return err
	}
	assigned = slices.DeleteFunc(assigned, func(p kafka.TopicPartition) bool {
		return !slices.Contains(tps, partitionOf(p))
	})
	if len(assigned) > 0 {
		err = s.client.Resume(assigned)
	}
	if s.cooperative() {
		return errors.Join(err, s.client.IncrementalUnassign(assigned), s.wakeForRest())
	}
	return errors.Join(err, s.client.Unassign())
}

// revoked gives partitions away in the order that lets nothing be lost and
// nothing be committed too late: close, drain, commit, raise the epoch, and
// only then let go of them.
func (s *Source) revoked(partitions []kafka.TopicPartition) error {
	s.flush()
	tps := fromKafka(partitions)
	lost := s.client.AssignmentLost()
	s.tell("partitions revoked", tps, "lost", lost)
	switch {
	case s.ending(): // Close calls: all is committed already
	case s.poll.expired: // told already
		s.poll.expired = false
	case lost:
		s.raise(tps)
		s.emit(&boostd.Lost{Partitions: tps})
		s.setTrouble("membership", fmt.Errorf("group %s: lost its partitions, because its session ended or the topic was deleted; joining again, what was in flight is repeated", s.o.Group))
	default:
		s.giveAway(tps)
	}
	s.raise(tps)
	for _, tp := range tps {
		delete(s.poll.reading, tp)
		delete(s.poll.starting, tp)
		delete(s.poll.single, tp)
	}
	s.tellCrowded()
	s.keepPlace()
	return s.letGo(tps)
}

// keepPlace has the client go on behind the last message that was read. As a rebalance
// begins, the client pauses all partitions, from a thread of its own, and notes where
// each is to go on; a message that it hands over in that moment isn't counted yet, and
// would come again if its partition stays. The pause drops what follows, so that it can
// only be the last one.
func (s *Source) keepPlace() {
	tp := s.poll.last
	s.mu.Lock()
	next, ok := s.tracker.Position(tp)
	s.mu.Unlock()
	if !ok || !s.cooperative() || s.stopped.Load() { // it goes, or all do
		return
	}
	if err := s.seek(tp, next); err != nil { // then it isn't read at the moment
		s.logger.Debug("partition's place is left to the client", "partition", tp.String(), "error", err)
	}
}

// seek has the client read an assigned partition from another offset.
func (s *Source) seek(tp boostd.TopicPartition, offset int64) error {
	place := kafka.TopicPartition{Topic: &tp.Topic, Partition: tp.Partition, Offset: kafka.Offset(offset)}
	answer, err := s.client.SeekPartitions([]kafka.TopicPartition{place})
	if err != nil {
		return err
	}
	return answer[0].Error
}

func (s *Source) giveAway(tps []boostd.TopicPartition) {
	s.mu.Lock()
	for _, tp := range tps {
		s.tracker.Close(tp)
	}
	s.mu.Unlock()
	if !s.stopped.Load() { // otherwise everything is settled already
		s.drain(tps)
	}
	if err := s.commitFirmly(context.Background()); err != nil {
		s.setTrouble("commit", err)
	}
}

func (s *Source) drain(tps []boostd.TopicPartition) {
	deadline := time.Now().Add(s.o.RevokeDrain)
	for len(s.drained) > 0 {
		<-s.drained // an answer that came too late for its question
	}
	s.emit(&boostd.Revoking{Partitions: tps, Deadline: deadline})
	if !s.awaitDrained(tps, deadline) {
		s.logger.Warn("gave partitions away with messages in flight; they will be repeated elsewhere", "partitions", len(tps))
	}
}

// awaitDrained waits until Drained has named all of the partitions.
func (s *Source) awaitDrained(tps []boostd.TopicPartition, deadline time.Time) bool {
	missing := map[boostd.TopicPartition]bool{}
	for _, tp := range tps {
		missing[tp] = true
	}
	timeout := time.NewTimer(time.Until(deadline))
	defer timeout.Stop()
	for len(missing) > 0 {
		select {
		case done := <-s.drained:
			for _, tp := range done {
				delete(missing, tp)
			}
		case <-timeout.C:
			return false
		case <-s.stop:
			return false
		}
	}
	return true
}

// tell logs what happens to partitions, by name; nothing at info.
func (s *Source) tell(what string, tps []boostd.TopicPartition, more ...any) {
	if s.logger.IsDebug() {
		s.logger.Debug(what, append([]any{"partitions", names(tps)}, more...)...)
	}
}

func names(tps []boostd.TopicPartition) string {
	all := make([]string, len(tps))
	for n, tp := range tps {
		all[n] = tp.String()
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (s *Source) raise(tps []boostd.TopicPartition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker.Raise(tps...)
	for _, tp := range tps {
		delete(s.ends, tp)
		delete(s.positions, tp)
		delete(s.restoring, tp)
	}
}

func (s *Source) cooperative() bool { return s.client.GetRebalanceProtocol() == "COOPERATIVE" }

func partitionOf(p kafka.TopicPartition) boostd.TopicPartition {
	return boostd.TopicPartition{Topic: *p.Topic, Partition: p.Partition}
}

func fromKafka(partitions []kafka.TopicPartition) []boostd.TopicPartition {
	tps := make([]boostd.TopicPartition, len(partitions))
	for n, p := range partitions {
		tps[n] = partitionOf(p)
	}
	return tps
}

func toKafka(tps []boostd.TopicPartition) []kafka.TopicPartition {
	partitions := make([]kafka.TopicPartition, len(tps))
	for n := range tps {
		partitions[n] = kafka.TopicPartition{Topic: &tps[n].Topic, Partition: tps[n].Partition}
	}
	return partitions
}
