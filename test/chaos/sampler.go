package chaos

import (
	"context"
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
)

// sampling is the time between two looks at what is committed.
const sampling = 200 * time.Millisecond

// Sampler notes each committed offset that is new.
type Sampler struct {
	client  *Client
	journal *Journal
	groups  []string
	cancel  context.CancelFunc
	task    sync.WaitGroup

	mu   sync.Mutex
	last map[boostd.TopicPartition]int64
}

// StartSampler samples until Stop.
func StartSampler(c *Client, j *Journal, groups []string) *Sampler {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sampler{client: c, journal: j, groups: groups, cancel: cancel, last: map[boostd.TopicPartition]int64{}}
	s.task.Go(func() {
		tick := time.NewTicker(sampling)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.look(ctx)
			}
		}
	})
	return s
}

// Stop ends the sampling.
func (s *Sampler) Stop() {
	s.cancel()
	s.task.Wait()
}

// Last is what was committed at the last look.
func (s *Sampler) Last(tp boostd.TopicPartition) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[tp]
}

// look asks for every group; one whose coordinator is away is asked next time.
func (s *Sampler) look(ctx context.Context) {
	for _, group := range s.groups {
		one, cancel := context.WithTimeout(ctx, asking)
		offsets, err := s.client.Committed(one, group)
		cancel()
		if err != nil {
			continue
		}
		at := s.journal.Now()
		s.mu.Lock()
		for tp, offset := range offsets {
			if last, known := s.last[tp]; known && last == offset {
				continue
			}
			s.last[tp] = offset
			sample := Sample{At: at, Topic: tp.Topic, Partition: tp.Partition, Offset: offset}
			s.journal.note(func(h *History) { h.Samples = append(h.Samples, sample) })
		}
		s.mu.Unlock()
	}
}
