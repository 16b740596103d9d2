package plugins

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd"
)

// suspects are messages that a plugin had when it crashed, beside others: any of them
// may be the cause. Each is handled alone, so that the next crash names it.
type suspects struct {
	count atomic.Int64 // mostly there is none, and that must cost nothing
	mu    sync.Mutex
	since map[boostd.Coordinates]time.Time
}

const (
	maxSuspects = 10_000
	// suspectFor is how long a message is handled alone: its attempts are over then.
	suspectFor = time.Hour
)

// add has a message handled alone from now on. When there are too many it is handled
// as all others are.
func (s *suspects) add(m *boostd.Message, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since == nil {
		s.since = map[boostd.Coordinates]time.Time{}
	}
	if len(s.since) >= maxSuspects {
		for p, since := range s.since {
			if now.Sub(since) > suspectFor {
				delete(s.since, p)
			}
		}
	}
	if len(s.since) < maxSuspects {
		s.since[m.Coordinates()] = now
	}
	s.count.Store(int64(len(s.since)))
}

// has reports whether a message is to be handled alone.
func (s *suspects) has(m *boostd.Message) bool {
	if s.count.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, suspect := s.since[m.Coordinates()]
	return suspect
}

// clear is for a message that was answered.
func (s *suspects) clear(m *boostd.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.since, m.Coordinates())
	s.count.Store(int64(len(s.since)))
}
