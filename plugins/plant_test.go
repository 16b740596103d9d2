package plugins

import (
	"context"
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
)

// plant is a scheduler in small: slots take messages from one queue until each has its
// last result.
type plant struct {
	mu       sync.Mutex
	waiting  []*boostd.Message
	open     int
	results  map[int64][]boostd.Result // by offset, in order
	attempts int                       // after so many that count, a message is given up
	longest  time.Duration             // from taking a message to its result
	batch    int                       // as many are given at once
}

func newPlant(attempts int, values ...string) *plant {
	p := &plant{results: map[int64][]boostd.Result{}, attempts: attempts, batch: 8}
	for n, value := range values {
		m := &boostd.Message{Topic: "t", Offset: int64(n), Attempt: 1, Value: []byte(value)}
		if value == "" {
			m.Value = nil
		}
		p.waiting = append(p.waiting, m)
	}
	p.open = len(values)
	return p
}

// run has so many slots work until all is done.
func (p *plant) run(ctx context.Context, h *Handler, slots int) {
	var all sync.WaitGroup
	for range slots {
		all.Go(func() {
			for ctx.Err() == nil && !p.over() {
				h.Handle(ctx, &share{plant: p, left: p.batch, taken: map[*boostd.Message]time.Time{}})
			}
		})
	}
	all.Wait()
}

func (p *plant) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open == 0
}

// share is one slot's batch.
type share struct {
	*plant
	left  int
	taken map[*boostd.Message]time.Time
}

func (s *share) Next() (*boostd.Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 || len(s.waiting) == 0 {
		return nil, false
	}
	s.left--
	m := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.taken[m] = time.Now()
	return m, true
}

func (s *share) Report(m *boostd.Message, r boostd.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, ok := s.taken[m]
	if !ok {
		panic("reported what wasn't taken, or twice")
	}
	s.longest = max(s.longest, time.Since(since))
	delete(s.taken, m)
	s.results[m.Offset] = append(s.results[m.Offset], r)
	switch {
	case r.Outcome == boostd.Released:
		s.waiting = append(s.waiting, m)
	case r.Outcome == boostd.Retry && m.Attempt < s.attempts:
		m.Attempt++
		s.waiting = append(s.waiting, m)
	default:
		s.open--
	}
}

// counted are the results that aren't Released.
func (p *plant) counted(offset int64) (all []boostd.Result) {
	for _, r := range p.results[offset] {
		if r.Outcome != boostd.Released {
			all = append(all, r)
		}
	}
	return all
}
