package sdk

import (
	"sync"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// sender sends the results of one stream from a goroutine of its own. It takes all
// that are there: one is on its way at once, many go together. The results that wait
// are at most as many as there are messages under way.
type sender struct {
	send func(*wire.Results) error
	wake chan struct{} // one token when there is something, or closed was set

	mu     sync.Mutex
	next   *wire.Results
	closed bool
	ended  chan struct{} // closed when run has returned
}

func newSender(send func(*wire.Results) error) *sender {
	return &sender{send: send, wake: make(chan struct{}, 1), next: &wire.Results{}, ended: make(chan struct{})}
}

// done notes that a message is done.
func (s *sender) done(id uint64) {
	s.mu.Lock()
	s.next.Done = append(s.next.Done, id)
	first := len(s.next.Done) == 1 && len(s.next.Failed) == 0
	s.mu.Unlock()
	if first {
		s.rouse()
	}
}

// failed notes that messages have failed.
func (s *sender) failed(f ...*wire.Failure) {
	s.mu.Lock()
	s.next.Failed = append(s.next.Failed, f...)
	s.mu.Unlock()
	s.rouse()
}

func (s *sender) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// run sends until close was called and everything is sent. What can't be sent any more
// is dropped: its stream has ended, and boostd knows.
func (s *sender) run() {
	defer close(s.ended)
	spare, broken := &wire.Results{}, false
	for range s.wake {
		s.mu.Lock()
		full, last := s.next, s.closed
		s.next = spare
		s.mu.Unlock()
		if len(full.GetDone())+len(full.GetFailed()) > 0 && !broken {
			broken = s.send(full) != nil
		}
		if last {
			return
		}
		clear(full.Failed)
		full.Done, full.Failed = full.Done[:0], full.Failed[:0]
		spare = full
	}
}

// close waits until everything that was noted is sent.
func (s *sender) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.rouse()
	<-s.ended
}
