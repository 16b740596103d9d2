package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

const (
	// firstLook is when a new Source that has not been assigned anything is looked
	// at: of an address that swallows packets a client says nothing for 30 s.
	firstLook = time.Second
	// lookInterval is the time between two looks while something is wrong.
	lookInterval = time.Second
	// These bound the questions of a look. A close waits for them.
	metadataWaitMs    = 500
	coordinatorWaitMs = 1000
	describeWait      = time.Second
	// coordinatorGrace is how long a group may be without a coordinator: it moves
	// by itself within seconds when its broker goes.
	coordinatorGrace = 2500 * time.Millisecond
	// slowGrace is how long a client may be without an answer although nothing is
	// wrong with its brokers: a busy machine.
	slowGrace = 3 * time.Second
	// resetStands is how long offsets_reset stands after the last one.
	resetStands = 15 * time.Minute
)

// watch finds out what is wrong when the client says that something is, and
// whether it still is. The client's own words begin a look; only what a look
// finds begins or ends a trouble, so that however often something is repeated,
// it is told once.
type watch struct {
	source   *Source
	suspects *suspects
	admin    *kafka.AdminClient // derived from the Source's client
	wake     chan struct{}

	mu sync.Mutex
	// What there is to look at: brokers complained of, all brokers, the group, the
	// topics.
	connection, everyBroker, group, topics bool
	deniedGroup                            int

	// headless is since when the coordinator doesn't answer; the loop's own.
	headless time.Time
	// slow is since when no broker answers although nothing is wrong with them.
	slow time.Time
}

func newWatch(s *Source) (*watch, error) {
	admin, err := kafka.NewAdminClientFromConsumer(s.client)
	if err != nil {
		return nil, fmt.Errorf("ask through the consumer of group %s: %w", s.o.Group, err)
	}
	return &watch{source: s, admin: admin, suspects: newSuspects(s.o.Config.connection(s.o.Level)), wake: make(chan struct{}, 1)}, nil
}

// look asks for a look soon. It costs next to nothing.
func (w *watch) look(what *bool) {
	w.mu.Lock()
	*what = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// said takes in a line of the client.
func (w *watch) said(text string) bool {
	seen, ok := w.suspects.note(text, time.Now())
	switch {
	case !ok:
	case seen.broker == "":
		w.look(&w.group)
	default:
		w.look(&w.connection)
	}
	return ok
}

// run looks when there is reason to, at most once per lookInterval.
func (w *watch) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.source.tasks.Go(func() { // ends with the Source, as run does
		<-w.source.stop
		cancel()
	})
	first := time.NewTimer(firstLook)
	defer first.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-first.C:
			w.mu.Lock()
			w.connection = true
			w.mu.Unlock()
		case <-w.wake:
		}
		for again := true; again; {
			again = w.lookAround(ctx)
			select {
			case <-ctx.Done():
				return
			case <-time.After(lookInterval):
			}
		}
	}
}

// lookAround is one look. It reports whether something is still wrong.
func (w *watch) lookAround(ctx context.Context) bool {
	w.mu.Lock()
	connection, every, group, topics := w.connection, w.everyBroker, w.group, w.topics
	w.connection, w.everyBroker, w.group, w.topics = false, false, false, false
	w.mu.Unlock()
	answering := true
	if connection || every || w.source.troubled("connection") {
		answering = w.lookAtBrokers(ctx, every)
		connection = w.source.troubled("connection") || !w.slow.IsZero()
	}
	if group && answering {
		group = w.lookAtGroup(ctx)
	}
	if topics && answering {
		topics = w.lookAtTopics(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connection, w.group, w.topics = w.connection || connection, w.group || group, w.topics || topics
	return w.connection || w.group || w.topics
}

// lookAtBrokers reports whether any broker answers.
func (w *watch) lookAtBrokers(ctx context.Context, every bool) bool {
	meta, err := w.metadata()
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		w.noneAnswers(ctx)
		return false
	}
	w.slow = time.Time{}
	known := map[string]bool{}
	for _, b := range meta.Brokers {
		known[net.JoinHostPort(b.Host, strconv.Itoa(b.Port))] = true
	}
	if len(known) < 2 {
		known = nil // the one that has just answered
	}
	brokers := w.suspects.only(known)
	if every {
		brokers = slices.Sorted(maps.Keys(known))
	}
	var bad []evidence
	for _, e := range w.suspects.evidence(ctx, brokers, lookInterval/2) {
		if w.suspects.settled(e, time.Now()) {
			w.suspects.clear(e.broker)
		} else {
			bad = append(bad, e)
		}
	}
	switch {
	case ctx.Err() != nil:
	case len(bad) == 0:
		w.source.clearTrouble("connection")
	default:
		w.source.setTrouble("connection", fmt.Errorf("%s; other brokers answer", summary(bad)))
	}
	return true
}

func (w *watch) noneAnswers(ctx context.Context) {
	brokers := w.suspects.brokers()
	if len(brokers) == 0 {
		brokers = w.suspects.set.brokers
	}
	all := w.suspects.evidence(ctx, brokers, recheck)
	if ctx.Err() != nil {
		return
	}
	if w.slow.IsZero() {
		w.slow = time.Now()
	}
	if slices.ContainsFunc(all, w.suspects.certain) || time.Since(w.slow) > slowGrace {
		w.source.setTrouble("connection", errors.New(summary(all)))
	}
}

// metadata is the client's own proof that a broker answers.
func (w *watch) metadata() (*kafka.Metadata, error) {
	w.source.using.RLock()
	defer w.source.using.RUnlock()
	if w.source.ending() {
		return nil, context.Canceled
	}
	return w.source.client.GetMetadata(nil, false, metadataWaitMs)
}

// lookAtTopics reports whether a topic is still in trouble.
func (w *watch) lookAtTopics(ctx context.Context) bool {
	answer, err := w.describeTopics(ctx)
	if err != nil || ctx.Err() != nil {
		return ctx.Err() == nil
	}
	var missing, denied []string
	for _, t := range answer {
		switch {
		case t.Error.Code() == kafka.ErrUnknownTopicOrPart:
			missing = append(missing, t.Name)
		case !may(t.Error, t.AuthorizedOperations, kafka.ACLOperationRead):
			denied = append(denied, t.Name)
		}
	}
	slices.Sort(missing)
	slices.Sort(denied)
	s := w.source
	if len(missing) == 0 {
		s.clearTrouble("topic")
	} else {
		s.setTrouble("topic", fmt.Errorf("topic %s does not exist: create it, its messages are read from then on", strings.Join(missing, ", ")))
	}
	if len(denied) == 0 {
		s.setDenied("topic", "")
	} else {
		s.setDenied("topic", fmt.Sprintf("topic %s may not be read by %s: allow it READ on the topic", strings.Join(denied, ", "), w.suspects.set.principal()))
	}
	return len(missing)+len(denied) > 0
}

func (w *watch) describeTopics(ctx context.Context) ([]kafka.TopicDescription, error) {
	ctx, cancel := context.WithTimeout(ctx, describeWait)
	defer cancel()
	w.source.using.RLock()
	defer w.source.using.RUnlock()
	if w.source.ending() {
		return nil, context.Canceled
	}
	return describeTopics(ctx, w.admin, w.source.topics())
}
