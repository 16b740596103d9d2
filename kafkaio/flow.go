package kafkaio

import (
	"fmt"
	"maps"
	"slices"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// applyFlow brings the client's pauses in line with what SetPaused asked for,
// and lets partitions go on that were paused alone.
func (s *Source) applyFlow() {
	if want := s.pausing.Load() || s.poll.choked; want != s.poll.paused {
		s.poll.paused = want
		if s.logger.IsDebug() {
			s.logger.Debug("pause", "paused", want, "window_full", s.poll.choked)
		}
		s.pauseAll(want)
	}
	for tp := range s.poll.single {
		s.mu.Lock()
		relieved := s.tracker.Relieved(tp)
		s.mu.Unlock()
		if relieved && !s.poll.paused {
			delete(s.poll.single, tp)
			s.tellCrowded()
			s.tell("partition goes on", []boostd.TopicPartition{tp})
			s.resume(toKafka([]boostd.TopicPartition{tp}))
		}
	}
}

func (s *Source) pauseAll(pause bool) {
	partitions, err := s.client.Assignment()
	switch {
	case err != nil || len(partitions) == 0:
	case pause:
		err = s.client.Pause(partitions)
	default:
		kept := partitions[:0]
		for _, p := range partitions {
			tp := partitionOf(p)
			if !s.poll.single[tp] {
				delete(s.poll.starting, tp)
				kept = append(kept, p)
			}
		}
		s.resume(kept)
	}
	if err != nil {
		s.setTrouble("flow", err)
	} else {
		s.clearTrouble("flow")
	}
}

// resume goes on with paused partitions. One that isn't paused would be read again from
// where it was begun.
func (s *Source) resume(partitions []kafka.TopicPartition) {
	if len(partitions) == 0 {
		return
	}
	if err := s.client.Resume(partitions); err != nil {
		s.setTrouble("flow", err)
		return
	}
	s.wakeFor(partitions)
}

// tellCrowded keeps the trouble of partitions that wait for their own messages.
func (s *Source) tellCrowded() {
	if len(s.poll.single) == 0 {
		s.clearTrouble("crowded")
		return
	}
	s.setTrouble("crowded", fmt.Errorf("too many messages are unfinished or held for one more to be read of %s: see `boostd held list`, and what fails in the handler",
		names(slices.Collect(maps.Keys(s.poll.single)))))
}

// pauseAlone stops one partition of which too much is pending.
func (s *Source) pauseAlone(tp boostd.TopicPartition) {
	if s.poll.single[tp] {
		return
	}
	s.poll.single[tp] = true
	s.tellCrowded()
	if err := s.client.Pause(toKafka([]boostd.TopicPartition{tp})); err != nil {
		s.setTrouble("flow", err)
	}
}
