package kafkaio

import (
	"fmt"
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

const (
	// positionsTimeoutMs bounds the question for committed offsets; it waits behind
	// a rebalance that is under way.
	positionsTimeoutMs = 1000
	// positionsWait is how long a round of the probe waits for the answers. Those
	// that come later are for the next one.
	positionsWait = 200 * time.Millisecond
)

// findPositions has all Sources ask for the positions that they don't know.
func (p *Probe) findPositions(assigned map[*Source][]boostd.TopicPartition) {
	var asking sync.WaitGroup
	for s, tps := range assigned {
		unknown := s.unknownPositions(tps)
		if len(unknown) == 0 || s.asking.Swap(true) {
			continue
		}
		asking.Add(1)
		p.tasks.Go(func() {
			defer asking.Done()
			defer s.asking.Store(false)
			if err := s.askPositions(unknown); err != nil {
				p.logger.Debug("positions are not known", "error", err)
			}
		})
	}
	answered := make(chan struct{})
	p.tasks.Go(func() {
		asking.Wait()
		close(answered)
	})
	select {
	case <-answered:
	case <-time.After(positionsWait):
	}
}

// unknownPositions are the partitions of which nothing was delivered, whose end
// wasn't reached, and whose committed offset, from which their backlog counts,
// was not asked for yet.
func (s *Source) unknownPositions(tps []boostd.TopicPartition) []boostd.TopicPartition {
	var unknown []boostd.TopicPartition
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tp := range tps {
		_, delivered := s.tracker.Position(tp)
		if _, known := s.positions[tp]; !delivered && !known {
			unknown = append(unknown, tp)
		}
	}
	return unknown
}

// askPositions asks the Source's own client. An admin client's question for a
// group's offsets can end the whole process when the coordinator's connection
// breaks at the wrong moment (librdkafka, issue 4605).
func (s *Source) askPositions(unknown []boostd.TopicPartition) error {
	s.using.RLock()
	defer s.using.RUnlock()
	if s.stopped.Load() {
		return nil
	}
	answer, err := s.client.Committed(toKafka(unknown), positionsTimeoutMs)
	if err != nil {
		return fmt.Errorf("list committed offsets of %s: %w", s.o.Group, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range answer {
		tp := boostd.TopicPartition{Topic: *a.Topic, Partition: a.Partition}
		if _, known := s.positions[tp]; a.Error == nil && !known {
			s.positions[tp] = max(int64(a.Offset), offsets.Unknown)
		}
	}
	return nil
}
