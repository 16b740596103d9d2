package kafkaio

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// setTrouble tells of a trouble once, and again when its text changes. Texts are
// one line.
func (s *Source) setTrouble(kind string, err error) {
	s.mu.Lock()
	t, standing := s.trouble[kind]
	known := standing && t.Text == err.Error()
	if !standing {
		t = boostd.StandingTrouble{Kind: kind, Since: time.Now()}
	}
	t.Text = err.Error()
	s.trouble[kind] = t
	s.mu.Unlock()
	if !known {
		s.emit(&boostd.Trouble{Kind: kind, Err: err})
	}
}

// clearTrouble tells that a trouble is over, if there was one.
func (s *Source) clearTrouble(kind string) {
	s.mu.Lock()
	_, had := s.trouble[kind]
	delete(s.trouble, kind)
	s.mu.Unlock()
	if had {
		s.emit(&boostd.Trouble{Kind: kind})
	}
}

// troubled reports whether a trouble stands.
func (s *Source) troubled(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, standing := s.trouble[kind]
	return standing
}

// setDenied says what of the group or of the topics is not allowed; "" is
// nothing. Both are one trouble.
func (s *Source) setDenied(what, text string) {
	s.mu.Lock()
	s.denied[what] = text
	var all []string
	for _, what := range []string{"group", "topic"} {
		if text := s.denied[what]; text != "" {
			all = append(all, text)
		}
	}
	s.mu.Unlock()
	if len(all) == 0 {
		s.clearTrouble("authorization")
		return
	}
	s.setTrouble("authorization", errors.New(strings.Join(all, "; ")))
}

// errClientEnded says that a client has ended by itself; another one may go on.
var errClientEnded = errors.New("kafka client can't go on")

// clientError takes an error event. Few of them end the consumer. Most say that
// there is something to look at: the client tells a cause at most twice and then
// repeats, up to twenty times a second, that all brokers are down.
func (s *Source) clientError(e kafka.Error) {
	if e.IsFatal() {
		s.poll.ended = fmt.Errorf("%w: %w", errClientEnded, e)
		if e.Code() == kafka.ErrFencedInstanceID {
			s.poll.ended = fmt.Errorf("group %s, member %s: %w", s.o.Group, s.o.Member, ErrInstanceTaken)
		}
		return
	}
	switch e.Code() {
	case kafka.ErrMaxPollExceeded:
		s.expired()
	case kafka.ErrAutoOffsetReset, kafka.ErrNoOffset:
		s.poll.ended = s.noOffset(e.Error())
	case kafka.ErrAllBrokersDown:
		s.watch.look(&s.watch.connection)
	case kafka.ErrTopicAuthorizationFailed, kafka.ErrUnknownTopicOrPart, kafka.ErrUnknownTopic, kafka.ErrUnknownPartition:
		s.watch.look(&s.watch.topics)
	case kafka.ErrGroupAuthorizationFailed:
		s.watch.denied(e.Error())
	case kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator, kafka.ErrCoordinatorLoadInProgress:
		s.watch.look(&s.watch.group)
	case kafka.ErrInconsistentGroupProtocol:
		s.setTrouble("membership", fmt.Errorf("group %s: its other members share partitions out in another way than kafka.assignor, %s: use the same everywhere", s.o.Group, s.o.Config.Assignor))
	case kafka.ErrInvalidSessionTimeout:
		s.setTrouble("membership", fmt.Errorf("group %s: the broker refuses %s: keep to its group.min.session.timeout.ms and group.max.session.timeout.ms",
			s.o.Group, s.watch.suspects.set.key("session.timeout.ms")))
	case kafka.ErrGroupMaxSizeReached:
		s.setTrouble("membership", fmt.Errorf("group %s: the broker admits no more members: raise its group.max.size", s.o.Group))
	default:
		if !s.watch.said(e.Error()) {
			s.logger.Warn("kafka client", "code", int(e.Code()), "text", oneLine(e.Error()))
		}
	}
}

// noOffset is what ends a Source whose group may not begin anywhere by itself.
func (s *Source) noOffset(where string) error {
	return fmt.Errorf("group %s has no offset to start from and kafka.start is none: %s", s.o.Group, oneLine(where))
}

// expired is for a loop that has not polled for so long that the client has left
// the group. It joins again with the next polls; until then the partitions are
// others', even while the client doesn't say so.
func (s *Source) expired() {
	tps := s.partitions()
	s.setTrouble("membership", fmt.Errorf("group %s: left it because nothing was polled for max.poll.interval.ms, joining again: what was in flight is repeated", s.o.Group))
	s.flush()
	s.raise(tps)
	s.poll.expired = true
	if len(tps) > 0 {
		s.emit(&boostd.Lost{Partitions: tps})
	}
}

// readLogs passes the client's log on until the client is closed.
func (s *Source) readLogs() {
	if s.logQueue != nil {
		s.logQueue.read(s.log)
		return
	}
	for {
		select {
		case l := <-s.logs:
			s.log(l)
		case <-s.closed:
			return
		}
	}
}

// log levels are syslog's. What a line says of a connection is looked into, and
// told as a trouble.
func (s *Source) log(l kafka.LogEvent) {
	text := oneLine(l.Message)
	switch {
	case l.Tag == "OFFSET" && l.Level <= 4:
		s.setTrouble("offsets_reset", errors.New(explainReset(text)))
		s.resets.Reset(resetStands)
	case l.Tag == "FAIL" && s.watch.said(text):
		s.logger.Debug("kafka client", "tag", l.Tag, "text", text)
	case l.Level <= 3:
		s.logger.Error("kafka client", "tag", l.Tag, "text", text)
	case l.Level <= 5:
		s.logger.Warn("kafka client", "tag", l.Tag, "text", text)
	default:
		s.logger.Debug("kafka client", "tag", l.Tag, "text", text)
	}
}
