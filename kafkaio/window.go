package kafkaio

import (
	"github.com/kafkaboost/boostd"
)

// Window is the most that a Source has emitted and unsettled at any time. It
// is exceeded by one message at most. As much again may wait for another attempt.
type Window struct {
	Messages int
	Bytes    int64
}

// extent is how much of something there is.
type extent struct {
	messages int
	bytes    int64
}

func (e *extent) add(n int, bytes int64) {
	e.messages += n
	e.bytes += bytes
}

// Settle implements actors.Source. The messages' payloads are dropped.
func (s *Source) Settle(settled []boostd.Settlement) {
	idle, early := 0, false
	s.mu.Lock()
	for n := range settled {
		active, told := s.settle(&settled[n])
		if active {
			idle++
		}
		early = early || told
	}
	// Not for every free place: a loop that wakes for one message takes one.
	messages, bytes := s.free()
	wake := s.starved && messages >= s.o.Window.Messages/8 && bytes >= s.o.Window.Bytes/8
	if wake {
		s.starved = false
	}
	s.mu.Unlock()
	if s.transacting != nil {
		s.transacting.nudge()
	}
	s.o.Activity.add(-idle)
	if early {
		select {
		case s.early <- struct{}{}:
		default:
		}
	}
	if wake {
		s.nudge()
	}
}

// mostSpent is how much memory is kept for later messages, in messages: what comes and
// goes while many are handled, of which each has some hundreds here.
const mostSpent = 2 * maxBatch

// settle notes one settlement: whether the message was active until now, and
// whether there is something that a commit should tell soon. The caller holds mu.
func (s *Source) settle(one *boostd.Settlement) (active, told bool) {
	m := one.Message
	size := int64(m.Size())
	if one.Outcome == boostd.Retry {
		if !one.Again {
			s.failed.add(1, size)
		}
		if s.transacting != nil {
			s.transacting.settle(m, false)
		}
		return !one.Again, s.tracker.Failed(m.TopicPartition(), m.Epoch, m.Offset, one.Attempts)
	}
	s.unsettled.add(-1, -size)
	if s.transacting != nil {
		s.transacting.settle(m, one.Outcome == boostd.Done)
	}
	if one.Again {
		s.failed.add(-1, -size)
	}
	switch one.Outcome {
	case boostd.Done, boostd.Dead:
		s.tracker.Done(m.TopicPartition(), m.Epoch, m.Offset)
	case boostd.Held:
		told = s.tracker.Held(m.TopicPartition(), m.Epoch, m.Offset, one.Attempts)
	}
	if one.Outcome == boostd.Done && m.Memory != nil && len(s.spent) < mostSpent {
		s.spent = append(s.spent, m.Memory)
	}
	m.Key, m.Value, m.Headers, m.Memory = nil, nil, nil, nil
	return !one.Again, told
}

// free is how much more fits into the window: what has failed and stays counts
// only as far as it outgrows a second one. The caller holds mu.
func (s *Source) free() (messages int, bytes int64) {
	w := s.o.Window
	return w.Messages - s.unsettled.messages + min(s.failed.messages, w.Messages),
		w.Bytes - s.unsettled.bytes + min(s.failed.bytes, w.Bytes)
}

// room is free. Without room, Settle will wake the poll loop once there is some.
func (s *Source) room() (messages int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	messages, bytes = s.free()
	s.starved = messages <= 0 || bytes <= 0
	if s.starved {
		return 0, 0
	}
	return messages, bytes
}
