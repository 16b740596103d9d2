package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// runFranz is franz-go's poll loop: one client for all topics, which does each message's
// work at once, in order. It is a client in Go alone that hands out what a fetch has
// brought as a whole, and so the measure of what a poll loop could do.
//
// It is tuned: fetches are bounded, so that one client's memory is about what the bare
// loops take; rebalances wait for the end of a poll's messages, so that a commit has only
// what is done; the collector is the bare loop's.
func runFranz(ctx context.Context, t *task.Task, r *recorder) error {
	debug.SetGCPercent(gcPercent)
	c, err := kgo.NewClient(
		kgo.SeedBrokers(t.Brokers...), kgo.ConsumerGroup(t.Group), kgo.ConsumeTopics(topics(t)...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(10*time.Second), kgo.HeartbeatInterval(500*time.Millisecond),
		kgo.AutoCommitInterval(time.Second), kgo.BlockRebalanceOnPoll(),
		kgo.FetchMaxWait(500*time.Millisecond), kgo.FetchMinBytes(1),
		kgo.FetchMaxBytes(8<<20), kgo.FetchMaxPartitionBytes(1<<20),
	)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	s := r.slot()
	r.polling()
	for ctx.Err() == nil {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err0(); err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("poll: %w", err)
		}
		fetches.EachTopic(func(topic kgo.FetchTopic) {
			level := levelOf(topic.Topic)
			topic.EachRecord(func(m *kgo.Record) {
				s.handle(level, m.Topic, m.Partition, m.Offset, producedAtOf(m))
			})
		})
		c.AllowRebalance()
	}
	// What was polled is done: so all of it may be committed.
	commit, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitLimit)
	defer cancel()
	err = c.CommitUncommittedOffsets(commit)
	c.CloseAllowingRebalance()
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// commitLimit bounds the last commit.
const commitLimit = 10 * time.Second

// producedAtOf is the header, nil for none.
func producedAtOf(m *kgo.Record) (value []byte) {
	for _, h := range m.Headers {
		if h.Key == task.ProducedAt {
			value = h.Value
		}
	}
	return value
}
