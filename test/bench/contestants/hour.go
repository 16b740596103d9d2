package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// runHour is what somebody writes in an hour: one consumer of all topics, a channel, and
// goroutines that work on what comes. Which level a message has nobody asks; the client
// commits what it has handed out, done or not, so that a crash loses messages.
//
// Its properties are tuned as the others'; the channel has no buffer, so that a message
// waits in the client and not here as well.
func runHour(ctx context.Context, t *task.Task, r *recorder) error {
	if t.Order != "none" {
		return fmt.Errorf("%w: it keeps no order, and %s is wanted", errTask, t.Order)
	}
	properties := tuned(t, t.Group)
	properties["enable.auto.offset.store"] = true
	c, err := subscribe(properties, topics(t), nil)
	if err != nil {
		return err
	}
	messages := make(chan *kafka.Message)
	var workers sync.WaitGroup
	for range t.Slots {
		s := r.slot()
		workers.Go(func() {
			for m := range messages {
				p := &m.TopicPartition
				s.handle(levelOf(*p.Topic), *p.Topic, p.Partition, int64(p.Offset), producedAt(m))
			}
		})
	}
	r.polling()
	err = poll(ctx, c, func(m *kafka.Message) { messages <- m }, func() {})
	close(messages)
	workers.Wait()
	if err != nil {
		return err
	}
	return c.Close()
}
