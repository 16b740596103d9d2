package kafkaio

import (
	"errors"
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// refusals remember what would abort a transaction again: a message that brokers will
// never take, by its place, and topics that don't exist or are closed to us, for some
// seconds. Without them one message would have all others of its transactions handled
// again and again. The zero value is ready. Safe from any goroutine.
type refusals struct {
	mu     sync.Mutex
	places map[boostd.Coordinates]error
	topics map[string]closedTopic
}

type closedTopic struct {
	until time.Time
	err   error
}

const (
	// refusalStands is how long a topic is left alone.
	refusalStands = 10 * time.Second
	// mostRefusals bounds what is remembered; what is forgotten aborts once more.
	mostRefusals = 10_000
)

// of is why the message needn't be written, nil if nothing is known against it.
func (r *refusals) of(m *boostd.Message, topic string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.topics) > 0 {
		if t, ok := r.topics[topic]; ok && now.Before(t.until) {
			return t.err
		}
	}
	if len(r.places) > 0 {
		return r.places[m.Coordinates()]
	}
	return nil
}

// forget forgets the messages that a commit has left behind.
func (r *refusals) forget(committed []offsets.Commit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at := range r.places {
		for _, c := range committed {
			if c.TopicPartition == at.TopicPartition && at.Offset < c.Offset {
				delete(r.places, at)
			}
		}
	}
}

// note takes in why a message was not written.
func (r *refusals) note(m *boostd.Message, topic string, err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case errors.Is(err, ErrNoTopic), errors.Is(err, ErrDenied):
		if r.topics == nil || len(r.topics) >= mostRefusals {
			r.topics = map[string]closedTopic{}
		}
		r.topics[topic] = closedTopic{now.Add(refusalStands), err}
	case errors.Is(err, ErrTooLarge):
		if r.places == nil || len(r.places) >= mostRefusals {
			r.places = map[boostd.Coordinates]error{}
		}
		r.places[m.Coordinates()] = err
	}
}
