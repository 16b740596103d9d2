package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// errCommitPending says that an earlier commit has not returned yet.
var errCommitPending = errors.New("the one before has not returned yet")

// errClientClosed says that a commit was held up until its client had gone.
var errClientClosed = errors.New("the client is closed")

// tolerated is how many commits in a row may fail for a reason that goes by, such
// as a rebalance, before that is a trouble.
const tolerated = 3

// commitLoop commits what has been finished, once per interval.
func (s *Source) commitLoop() {
	failed := 0 // in a row
	began := time.Now()
	ticker := time.NewTicker(s.o.CommitInterval)
	defer ticker.Stop()
	for {
		early := false
		select {
		case <-s.stop:
			return
		case <-ticker.C:
		case <-s.early:
			early = true
			s.pauseCommits(earlyGap)
		}
		ctx, cancel := context.WithTimeoutCause(context.Background(), s.o.CommitTimeout,
			fmt.Errorf("no answer in %v", s.o.CommitTimeout))
		err := s.commit(ctx)
		cancel()
		switch failed++; {
		case err == nil:
			failed, began = 0, time.Now()
		case early, errors.Is(err, errNotBegun) && time.Since(began) < restoreLate: // the next one in turn tells
			failed--
		case passing(err) && failed < tolerated:
			s.logger.Debug("commit failed and is tried again", "error", err)
		default:
			s.setTrouble("commit", err)
			s.watch.commitFailed(err)
		}
	}
}

// earlyGap gathers what should be told soon: a commit costs the brokers much more
// than a message.
const earlyGap = 200 * time.Millisecond

func (s *Source) pauseCommits(d time.Duration) {
	gap := time.NewTimer(d)
	defer gap.Stop()
	select {
	case <-gap.C:
	case <-s.stop:
	}
}

// commitRetry is the time between two tries of commitFirmly.
const commitRetry = 50 * time.Millisecond

// commitFirmly is for the last chance, before partitions are given away: it
// tries again while the group is between two generations, as it is whenever
// another member joins or leaves at the same moment, until ctx ends.
func (s *Source) commitFirmly(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.CommitTimeout, fmt.Errorf("no answer in %v", s.o.CommitTimeout))
	defer cancel()
	for {
		err := s.commit(ctx)
		if !passing(err) || s.client.AssignmentLost() {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(commitRetry):
		}
	}
}

// passing reports whether a commit failed for a reason that goes by.
func passing(err error) bool {
	if errors.Is(err, errNotBegun) {
		return true
	}
	var k kafka.Error
	if !errors.As(err, &k) {
		return false
	}
	switch k.Code() {
	case kafka.ErrIllegalGeneration, kafka.ErrRebalanceInProgress, kafka.ErrNotCoordinator,
		kafka.ErrCoordinatorLoadInProgress, kafka.ErrCoordinatorNotAvailable, kafka.ErrTransport, kafka.ErrTimedOut,
		kafka.ErrWaitCoord, kafka.ErrOffsetMetadataTooLarge:
		return true
	}
	return false
}

// commit commits every partition as far as it may. One commit is under way at a
// time: a token stands for the right to call the client, and a call that
// outlives ctx keeps it until it returns, because it may still land.
func (s *Source) commit(ctx context.Context) error {
	select {
	case <-s.commits:
	case <-ctx.Done():
		return fmt.Errorf("commit offsets: %w", errCommitPending)
	}
	if s.transacting != nil {
		return s.commitBy(ctx, "in a transaction", s.commitTransaction)
	}
	s.mu.Lock()
	todo := s.tracker.Commits(nil)
	if len(todo) == 0 {
		s.uncommitted = time.Time{}
	} else if s.uncommitted.IsZero() {
		s.uncommitted = time.Now()
	}
	s.mu.Unlock()
	if len(todo) == 0 {
		s.commits <- struct{}{}
		return nil
	}
	return s.commitBy(ctx, fmt.Sprintf("of %d partitions", len(todo)), func() error { return s.commitOffsets(todo) })
}

// commitBy makes the call, and gives back the token when it has returned.
func (s *Source) commitBy(ctx context.Context, what string, call func() error) error {
	result := make(chan error, 1)
	s.tasks.Go(func() {
		err := call()
		s.commits <- struct{}{}
		result <- err
	})
	select {
	case err := <-result:
		if err == nil {
			s.clearTrouble("commit")
			s.watch.allowed(asMember)
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("commit offsets %s: %w", what, context.Cause(ctx))
	}
}

// commitList is commits as the client takes them.
func commitList(todo []offsets.Commit) []kafka.TopicPartition {
	list := make([]kafka.TopicPartition, len(todo))
	for n := range todo {
		list[n] = kafka.TopicPartition{Topic: &todo[n].Topic, Partition: todo[n].Partition, Offset: kafka.Offset(todo[n].Offset)}
		if todo[n].Metadata != "" {
			list[n].Metadata = &todo[n].Metadata
		}
	}
	return list
}

// checkMetadata halves what a commit may carry when the brokers refuse it: their
// offset.metadata.max.bytes is smaller than Kafka's own.
func (s *Source) checkMetadata(todo []offsets.Commit, err error) {
	if k, ok := errors.AsType[kafka.Error](err); !ok || k.Code() != kafka.ErrOffsetMetadataTooLarge {
		return
	}
	longest := 0
	for _, c := range todo {
		longest = max(longest, len(c.Metadata))
	}
	limit := longest / 2
	if limit < minMetadata {
		limit = -1
	}
	s.mu.Lock()
	s.tracker.LimitMetadata(limit)
	s.mu.Unlock()
	s.logger.Warn("brokers refuse the metadata of a commit: less will be remembered beyond the committed offset; raise their offset.metadata.max.bytes to 4096",
		"characters", longest, "limit", limit)
}

// minMetadata is the shortest limit with which a completion map is worth anything.
const minMetadata = 128

// callCommit is the call, unless the client is closed.
func (s *Source) callCommit(list []kafka.TopicPartition) ([]kafka.TopicPartition, error) {
	s.using.RLock()
	defer s.using.RUnlock()
	select {
	case <-s.closed:
		return nil, errClientClosed
	default:
		return s.client.CommitOffsets(list)
	}
}

// commitOffsets is one commit; a part of it may succeed.
func (s *Source) commitOffsets(todo []offsets.Commit) error {
	s.committing.Store(time.Now().UnixNano())
	defer s.committing.Store(0)
	if s.o.BeforeCommit != nil {
		s.o.BeforeCommit()
	}
	answer, err := s.callCommit(commitList(todo))
	if err != nil {
		s.checkMetadata(todo, err)
		return fmt.Errorf("commit offsets of %d partitions: %w", len(todo), err)
	}
	failed := map[boostd.TopicPartition]error{}
	for _, p := range answer {
		if p.Error != nil {
			failed[partitionOf(p)] = p.Error
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range todo {
		if reason := failed[c.TopicPartition]; reason != nil {
			err = fmt.Errorf("commit %v at %d: %w", c.TopicPartition, c.Offset, reason)
		} else {
			s.tracker.Committed(c)
		}
	}
	if s.logger.IsDebug() {
		s.logger.Debug("committed", "partitions", len(todo)-len(failed))
	}
	if s.logger.IsTrace() {
		for _, c := range todo {
			s.logger.Trace("committed", "partition", c.String(), "offset", c.Offset, "failed", failed[c.TopicPartition] != nil)
		}
	}
	if err == nil {
		s.committed, s.uncommitted = time.Now(), time.Time{}
	}
	return err
}
