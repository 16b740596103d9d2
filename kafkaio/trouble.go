package kafkaio

import (
	"fmt"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// setTrouble tells of a trouble once, and again when its text changes.
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

// clientError takes an error event. Few of them end the consumer; the others
// are the diagnosis of a connection: the client says the cause at most twice
// and then repeats, up to twenty times a second, that all brokers are down.
func (s *Source) clientError(e kafka.Error) {
	switch {
	case e.IsFatal(), e.Code() == kafka.ErrMaxPollExceeded:
		s.poll.ended = fmt.Errorf("kafka client: %w", e)
	case e.Code() == kafka.ErrAutoOffsetReset || e.Code() == kafka.ErrNoOffset:
		s.poll.ended = fmt.Errorf("group %s has no offset to start from and kafka.start is none: %w", s.o.Group, e)
	case e.Code() == kafka.ErrAllBrokersDown:
		s.mu.Lock()
		_, cause := s.trouble["connection"]
		s.mu.Unlock()
		if !cause {
			s.setTrouble("connection", e)
		}
	default:
		s.setTrouble("connection", e)
	}
}

// readLogs passes the client's log on until the client is closed.
func (s *Source) readLogs() {
	for {
		select {
		case l := <-s.logs:
			s.log(l)
		case <-s.closed:
			return
		}
	}
}

// log levels are syslog's.
func (s *Source) log(l kafka.LogEvent) {
	text := strings.TrimSpace(l.Message)
	switch {
	case l.Tag == "OFFSET" && l.Level <= 4:
		s.setTrouble("offsets_reset", fmt.Errorf("kafka client: %s", text))
	case l.Level <= 3:
		s.logger.Error("kafka client", "tag", l.Tag, "text", text)
	case l.Level <= 5:
		s.logger.Warn("kafka client", "tag", l.Tag, "text", text)
	default:
		s.logger.Debug("kafka client", "tag", l.Tag, "text", text)
	}
}
