package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/bench/task"
)

// plain are the properties that nobody can leave out.
func plain(t *task.Task, group string) kafka.ConfigMap {
	return kafka.ConfigMap{"bootstrap.servers": strings.Join(t.Brokers, ","), "group.id": group, "auto.offset.reset": "earliest"}
}

// tuned are the properties of contestants with confluent-kafka-go that somebody has taken
// the time to tune.
func tuned(t *task.Task, group string) kafka.ConfigMap {
	m := plain(t, group)
	maps.Copy(m, kafka.ConfigMap{
		// Fetches come back as soon as there is anything. Waiting half a second for it, as
		// is the default, costs nothing when nothing comes.
		"fetch.min.bytes":   1,
		"fetch.wait.max.ms": 500,
		// What is fetched ahead. The defaults, 100,000 messages, 64 MiB and fetches of 1 MiB
		// for each partition, are no faster and take twice the memory; 1,000 messages take
		// two thirds of it with eleven levels, and are half as fast with one.
		"queued.min.messages":        10000,
		"queued.max.messages.kbytes": 8192,
		"fetch.message.max.bytes":    131072,
		// How long a partition that has enough isn't asked for. With the default, a second, a
		// fast loop has nothing to do for most of it.
		"fetch.queue.backoff.ms": 10,
		// A member that is gone is noticed soon; the others keep their partitions meanwhile.
		"partition.assignment.strategy": "cooperative-sticky",
		"session.timeout.ms":            10000,
		"heartbeat.interval.ms":         500,
		// What is done is noted by the program, in bulk, and committed once a second by the
		// client; the default notes each message as it is handed out, done or not.
		"enable.auto.offset.store": false,
		"auto.commit.interval.ms":  1000,
		"enable.metrics.push":      false,
	})
	return m
}

// groupOf is the group of a level's own consumer, as boostd names it.
func groupOf(t *task.Task, level int) string {
	return priority.LevelGroup(t.Group, boostd.Level(level))
}

// subscribe makes a consumer of topics. rebalanced may be nil.
func subscribe(properties kafka.ConfigMap, names []string, rebalanced kafka.RebalanceCb) (*kafka.Consumer, error) {
	c, err := kafka.NewConsumer(&properties)
	if err != nil {
		return nil, fmt.Errorf("make consumer: %w", err)
	}
	if err := c.SubscribeTopics(names, rebalanced); err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", strings.Join(names, ", "), err)
	}
	return c, nil
}

// pollMillis is how long a Poll waits for a message.
const pollMillis = 100

// poll gives all messages to each, and calls idle whenever there is none, until ctx ends.
func poll(ctx context.Context, c *kafka.Consumer, each func(*kafka.Message), idle func()) error {
	for ctx.Err() == nil {
		switch e := c.Poll(pollMillis).(type) {
		case *kafka.Message:
			each(e)
		case kafka.Error:
			if e.IsFatal() {
				return fmt.Errorf("poll: %w", e)
			}
		case nil:
			idle()
		}
	}
	return nil
}

// producedAt is the header, nil for none.
func producedAt(m *kafka.Message) (value []byte) {
	for _, h := range m.Headers {
		if h.Key == task.ProducedAt {
			value = h.Value
		}
	}
	return value
}
