package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// A Source's topics can change while it runs. SetTopics notes what is wanted, a
// goroutine finds out what of it is there, and the poll loop tells the client.
// The client is told of nothing else: where its new topics are not all in its
// cache it first asks for them, then takes the partitions of those that go for
// lost, and what is in flight of them would be repeated. Asking for them here
// fills its cache.

// believed is how many looks in a row must miss a topic that is read before it is
// let go of: a broker that has just come back may not know everything yet.
const believed = 3

// subscription is what a Source should read and what its client was told to.
type subscription struct {
	wanted []string // not empty
	found  []string // what is there of wanted, for the poll loop; nil nothing new
	told   []string
}

// SetTopics changes what is read. It may be called from any goroutine, before
// Start too; it doesn't wait for brokers, and of several calls the last one counts.
// Partitions of topics that go are emitted as Revoking, and committed; what stays
// is not touched, unless kafka.assignor is range: then everything goes and comes
// again. Topics that don't exist yet, or that may not be seen, are read from within
// a second after they can be; a Trouble names them until then. The error is for an
// empty list, for names that are empty, and for patterns (^…); then nothing changes.
// After Stop nothing happens.
func (s *Source) SetTopics(topics []string) error {
	wanted, err := topicList(topics)
	if err != nil {
		return fmt.Errorf("set topics of group %s: %w", s.o.Group, err)
	}
	s.mu.Lock()
	s.subscription.wanted, s.subscription.found = wanted, nil
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	s.watch.look(&s.watch.topics) // what was missing of the old ones is no trouble any more
	return nil
}

// topicList is topics as the client takes them: each once.
func topicList(topics []string) ([]string, error) {
	if len(topics) == 0 {
		return nil, errors.New("there are none: stop the consumer instead")
	}
	list := make([]string, 0, len(topics))
	for _, topic := range topics {
		switch {
		case topic == "":
			return nil, errors.New("one has an empty name")
		case strings.HasPrefix(topic, "^"):
			return nil, fmt.Errorf("%q: patterns are not supported, name the topics", topic)
		case !slices.Contains(list, topic):
			list = append(list, topic)
		}
	}
	return list, nil
}

// sameTopics compares lists whatever their order.
func sameTopics(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// topics are those that should be read, for reading only.
func (s *Source) topics() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subscription.wanted
}

// followTopics has the client follow SetTopics until the Source ends.
func (s *Source) followTopics() {
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	missed := map[string]int{} // looks in a row without the topic
	for {
		select {
		case <-s.stop:
			return
		case <-s.changed:
		case <-again.C:
		}
		if next := s.findTopics(missed); next > 0 {
			again.Reset(next)
		}
	}
}

// findTopics leaves what is there of the wanted topics to the poll loop, and says
// when to look again, 0 not.
func (s *Source) findTopics(missed map[string]int) (next time.Duration) {
	s.mu.Lock()
	wanted, told := s.subscription.wanted, s.subscription.told
	s.mu.Unlock()
	if sameTopics(wanted, told) {
		return 0 // the client itself looks after those that are missing
	}
	found, err := s.askTopics(wanted)
	if err != nil {
		s.logger.Debug("new topics can't be looked for", "error", err)
		return restoreRetry
	}
	doubted := false
	for _, topic := range wanted {
		if slices.Contains(found, topic) {
			delete(missed, topic)
			continue
		}
		missed[topic]++
		doubted = doubted || missed[topic] < believed && slices.Contains(told, topic)
	}
	if doubted {
		return restoreRetry
	}
	s.mu.Lock()
	if slices.Equal(wanted, s.subscription.wanted) { // not changed since
		s.subscription.found = found
	}
	s.mu.Unlock()
	s.nudge()
	return lookInterval // until the client was told of all
}

// askTopics says which topics there are, as far as this user may see them. It goes
// through the Source's own client, which remembers them.
func (s *Source) askTopics(topics []string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), describeWait)
	defer cancel()
	s.using.RLock()
	defer s.using.RUnlock()
	if s.stopped.Load() {
		return nil, context.Canceled
	}
	answer, err := describeTopics(ctx, s.watch.admin, topics)
	if err != nil {
		return nil, err
	}
	found := make([]string, 0, len(topics)) // not nil: that is something else
	for _, t := range answer {
		if t.Error.Code() == kafka.ErrNoError {
			found = append(found, t.Name)
		}
	}
	return found, nil
}

// applyTopics tells the client. The poll loop's: what goes is revoked, and what
// comes assigned, in its next polls. A client in a rebalance does it after that.
func (s *Source) applyTopics() {
	s.mu.Lock()
	found := s.subscription.found
	s.subscription.found = nil
	if found == nil || sameTopics(found, s.subscription.told) {
		s.mu.Unlock()
		return
	}
	s.subscription.told = found
	s.mu.Unlock()
	s.logger.Info("reads other topics", "topics", strings.Join(found, " "))
	s.poll.polled = time.Time{} // what goes is asked back in the next poll, which a full window would put off
	if err := s.subscribe(found); err != nil {
		s.setTrouble("rebalance", err)
		s.mu.Lock()
		s.subscription.told = nil // it will be tried again
		s.mu.Unlock()
	}
}

// subscribe tells the client what to read. One that has nothing to read leaves the
// group.
func (s *Source) subscribe(topics []string) error {
	var err error
	if len(topics) == 0 {
		err = s.client.Unsubscribe()
	} else {
		err = s.client.SubscribeTopics(topics, s.rebalance)
	}
	if err != nil {
		return fmt.Errorf("subscribe group %s: %w", s.o.Group, err)
	}
	return nil
}
