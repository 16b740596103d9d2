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
	refused, err := w.askCoordinator()
	if ctx.Err() != nil {
		return false
	}
	s := w.source
	if err == nil {
		w.headless = time.Time{}
		s.clearTrouble("coordinator")
		if refused {
			w.allowed(atCoordinator)
			return w.isDenied() // nobody tells when that is over: ask again
		}
		w.allowed(atOffsets)
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

// Where a group was denied: already when its coordinator was asked for, when its
// offsets were, or as a member.
const (
	notDenied = iota
	atCoordinator
	atOffsets
	asMember
)

// denied takes in that the group is not ours to join.
func (w *watch) denied(text string) {
	where := asMember
	switch {
	case strings.Contains(text, "FindCoordinator"):
		where = atCoordinator
	case strings.Contains(text, "committed offset"):
		where = atOffsets
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
// question that only the coordinator answers; refused: it has answered that we
// may not know. An admin client's question could end the process: see
// askOrigins.
func (w *watch) askCoordinator() (refused bool, err error) {
	s := w.source
	s.using.RLock()
	defer s.using.RUnlock()
	if s.ending() {
		return false, context.Canceled
	}
	_, err = s.client.Committed([]kafka.TopicPartition{{Topic: &s.topics()[0]}}, coordinatorWaitMs)
	if k, ok := errors.AsType[kafka.Error](err); ok && k.Code() == kafka.ErrGroupAuthorizationFailed {
		return true, nil
	}
	return false, err
}
