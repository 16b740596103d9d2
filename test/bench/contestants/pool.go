package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// runPool is a pool written by hand for messages that need no order: one consumer, a
// channel, and as many goroutines as there are slots, each of which takes the next message
// when it is free. It commits what is done. No program can keep slots busier: it is the
// measure for concurrency.
//
// It is tuned as the bare loop is. The channel has room for one message a slot, so that
// none waits for the poll.
func runPool(ctx context.Context, t *task.Task, r *recorder) error {
	if t.Order != "none" {
		return fmt.Errorf("%w: it keeps no order, and %s is wanted", errTask, t.Order)
	}
	debug.SetGCPercent(gcPercent)
	tickets := make(chan ticket, t.Slots)
	var workers sync.WaitGroup
	for range t.Slots {
		s := r.slot()
		workers.Go(func() {
			for m := range tickets {
				m.handle(s)
			}
		})
	}
	return feed(ctx, t, r, func(m ticket) { tickets <- m }, func() {
		close(tickets)
		workers.Wait()
	})
}

// feed reads all topics with one consumer and gives each message to give, until ctx ends.
// Then it calls end, which returns when all is done, commits, and leaves.
func feed(ctx context.Context, t *task.Task, r *recorder, give func(ticket), end func()) error {
	p := newProgress(t)
	c, err := subscribe(tuned(t, t.Group), p.names, p.rebalanced)
	if err != nil {
		return err
	}
	r.polling()
	err = poll(ctx, c, func(m *kafka.Message) {
		give(p.begin(levelOf(*m.TopicPartition.Topic), m))
		p.tick(c, true)
	}, func() { p.tick(c, false) })
	end()
	if err != nil {
		return err
	}
	return p.close(c)
}
