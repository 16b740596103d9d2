package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// lookAtGroup reports whether the group still has no coordinator.
func (w *watch) lookAtGroup(ctx context.Context) bool {
	began := time.Now()
	err := w.askCoordinator()
	if ctx.Err() != nil {
		return false
	}
	s := w.source
	if err == nil {
		w.headless = time.Time{}
		s.clearTrouble("coordinator")
		w.allowed(atCoordinator)
		return false
	}
	if w.headless.IsZero() {
		w.headless = began
	}
	if time.Since(w.headless) > coordinatorGrace && !w.isDenied() {
		s.setTrouble("coordinator", fmt.Errorf("group %s: its coordinator does not answer while brokers do, so nothing is committed and no partition moves: look at the broker that leads the group's partition of __consumer_offsets", s.o.Group))
	}
	return true
}

// Where a group was denied: already when its coordinator was asked for, or as a
// member.
const (
	notDenied = iota
	atCoordinator
	asMember
)

// denied takes in that the group is not ours to join.
func (w *watch) denied(text string) {
	where := asMember
	if strings.Contains(text, "FindCoordinator") {
		where = atCoordinator
	}
	w.mu.Lock()
	w.deniedGroup = max(w.deniedGroup, where)
	w.mu.Unlock()
	w.source.setDenied("group", fmt.Sprintf("group %s may not be joined by %s: allow it READ on the group", w.source.o.Group, w.suspects.set.principal()))
	w.look(&w.group)
}

// allowed takes in that the group did what it had refused, up to where.
func (w *watch) allowed(where int) {
	w.mu.Lock()
	over := w.deniedGroup != notDenied && w.deniedGroup <= where
	if over {
		w.deniedGroup = notDenied
	}
	w.mu.Unlock()
	if over {
		w.source.setDenied("group", "")
	}
}

// commitFailed looks for a cause beyond the commit.
func (w *watch) commitFailed(err error) {
	var k kafka.Error
	if !errors.As(err, &k) {
		return
	}
	switch k.Code() {
	case kafka.ErrGroupAuthorizationFailed:
		w.denied(k.Error())
	case kafka.ErrTopicAuthorizationFailed, kafka.ErrUnknownTopicOrPart:
		w.look(&w.topics)
	case kafka.ErrTransport, kafka.ErrWaitCoord, kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator:
		w.look(&w.group)
	}
}

func (w *watch) isDenied() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deniedGroup != notDenied
}

// askCoordinator asks for a committed offset, whichever, as the shortest
// question that only the coordinator answers. An admin client's question could
// end the process: see askPositions.
func (w *watch) askCoordinator() error {
	s := w.source
	s.using.RLock()
	defer s.using.RUnlock()
	if s.ending() {
		return context.Canceled
	}
	_, err := s.client.Committed([]kafka.TopicPartition{{Topic: &s.o.Topics[0]}}, coordinatorWaitMs)
	var refused kafka.Error
	if errors.As(err, &refused) && refused.Code() == kafka.ErrGroupAuthorizationFailed {
		return nil // it is there, and has told us elsewhere
	}
	return err
}
