package kafkaio

import (
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// wakeTimeoutMs bounds the question that wakes the client.
const wakeTimeoutMs = 2000

// ending is where a partition ends, asked for when it was read in that epoch already.
type ending struct {
	assignment
	end kafka.Offset
}

// wakeFor asks the client where partitions end that it has just been told to read, or
// to go on with. Without a question on the same connection its thread for a broker, if
// it had nothing to fetch, sleeps on for up to a second; every rebalance takes all from
// it for a moment.
//
// The answer is good for something else. Either it comes before the client's first
// fetch, which then follows at once, or behind one that is under way, which the broker
// holds for fetch.wait.max.ms, and the next one follows at once. So whoever reads from
// there where a partition ends has read all, and sees from then on what comes.
func (s *Source) wakeFor(partitions []kafka.TopicPartition) {
	if len(partitions) == 0 {
		return
	}
	starting := s.poll.starting[partitionOf(partitions[0])]
	ends := make([]kafka.TopicPartition, len(partitions))
	asked := make([]assignment, len(partitions))
	s.mu.Lock()
	for n, p := range partitions {
		ends[n] = kafka.TopicPartition{Topic: p.Topic, Partition: p.Partition, Offset: kafka.OffsetEnd}
		asked[n].TopicPartition = partitionOf(p)
		asked[n].epoch, _ = s.tracker.Epoch(asked[n].TopicPartition)
	}
	s.mu.Unlock()
	s.tasks.Go(func() {
		s.using.RLock()
		defer s.using.RUnlock()
		if s.stopped.Load() {
			return
		}
		began := time.Now()
		answer, _ := s.client.OffsetsForTimes(ends, wakeTimeoutMs) // it is awake, answer or not
		if starting {
			// The thread that brought the answer looks for what to fetch before it goes back to
			// sleep. It takes some microseconds, unless others have its processor meanwhile: then
			// the answer took its time as well.
			s.rest(time.Since(began))
		}
		s.mu.Lock()
		s.endings = append(s.endings, endingsOf(asked, answer)...)
		s.mu.Unlock()
		s.nudge()
	})
}

// mostRest bounds rest.
const mostRest = 50 * time.Millisecond

// rest sleeps, but not beyond the Source's end.
func (s *Source) rest(d time.Duration) {
	select {
	case <-time.After(min(d, mostRest)):
	case <-s.stop:
	}
}

// endingsOf are one for each that was asked, OffsetInvalid where there is no answer.
func endingsOf(asked []assignment, answer []kafka.TopicPartition) []ending {
	ends := map[boostd.TopicPartition]kafka.Offset{}
	for _, p := range answer {
		if p.Error == nil {
			ends[partitionOf(p)] = p.Offset
		}
	}
	all := make([]ending, len(asked))
	for n, a := range asked {
		all[n] = ending{a, kafka.OffsetInvalid}
		if end, ok := ends[a.TopicPartition]; ok {
			all[n].end = end
		}
	}
	return all
}

// applyEndings notes what was begun at its end, and lets the first partitions go on. The
// poll loop's.
func (s *Source) applyEndings() {
	s.mu.Lock()
	found := s.endings
	s.endings = nil
	found = slices.DeleteFunc(found, func(e ending) bool {
		epoch, _ := s.tracker.Epoch(e.TopicPartition)
		return epoch != e.epoch
	})
	s.mu.Unlock()
	if len(found) == 0 {
		return
	}
	var rested []boostd.TopicPartition
	for _, e := range found {
		from, reading := s.poll.reading[e.TopicPartition]
		switch {
		case s.poll.starting[e.TopicPartition]:
			delete(s.poll.starting, e.TopicPartition)
			rested = append(rested, e.TopicPartition)
		case reading && e.isAt(from):
			delete(s.poll.reading, e.TopicPartition)
		}
	}
	if !s.poll.paused {
		s.resume(toKafka(rested))
	}
	s.checkCaughtUp()
}

// isAt reports whether who reads from there has nothing to read.
func (e ending) isAt(from kafka.Offset) bool {
	return e.end >= 0 && (from == kafka.OffsetEnd || from >= e.end || from == kafka.OffsetBeginning && e.end == 0)
}

// wakeForRest is wakeFor what is left in a rebalance.
func (s *Source) wakeForRest() error {
	if s.stopped.Load() {
		return nil
	}
	rest, err := s.client.Assignment()
	if err != nil {
		return err
	}
	s.wakeFor(rest)
	return nil
}
