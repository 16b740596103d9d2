package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"golang.org/x/sync/errgroup"

	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/test/bench/task"
)

// runDay is what somebody writes in a day who wants priority: a consumer, a goroutine and
// a channel for each level; a free slot takes a message of the highest level that has one.
// It commits what is done. It has no order, no retries, no pauses, no reload: what boostd
// costs beside it is the price of these.
//
// Its properties are the bare loop's, and its collector and processors boostd's: a poll
// that waits in C keeps a processor, which here too made high messages wait. Its channels
// are short: what is in them is only there to keep slots busy.
func runDay(ctx context.Context, t *task.Task, r *recorder) error {
	if t.Order != "none" {
		return fmt.Errorf("%w: it keeps no order, and %s is wanted", errTask, t.Order)
	}
	daemon.TuneRuntime()
	d := &day{task: t, levels: make([]chan ticket, t.Highest-t.Lowest+1)}
	for n := range d.levels {
		d.levels[n] = make(chan ticket, t.Slots)
	}
	d.waiting = make(chan struct{}, len(d.levels)*t.Slots)
	consumers := make([]*dayConsumer, len(d.levels))
	for n := range consumers {
		c := &dayConsumer{progress: newProgress(t)}
		var err error
		if c.Consumer, err = subscribe(tuned(t, groupOf(t, t.Lowest+n)), []string{c.progress.names[n]}, c.progress.rebalanced); err != nil {
			return err
		}
		consumers[n] = c
	}
	var workers sync.WaitGroup
	for range t.Slots {
		s := r.slot()
		workers.Go(func() { d.work(s) })
	}
	r.polling()
	polls, ctx := errgroup.WithContext(ctx)
	for n, c := range consumers {
		polls.Go(func() error { return d.poll(ctx, n, c) })
	}
	err := polls.Wait()
	close(d.waiting)
	workers.Wait()
	for _, c := range consumers {
		err = errors.Join(err, c.progress.close(c.Consumer))
	}
	return err
}

type day struct {
	task   *task.Task
	levels []chan ticket
	// waiting has one entry for each message in levels, put behind it: who takes an
	// entry finds a message.
	waiting chan struct{}
}

// dayConsumer is one level's.
type dayConsumer struct {
	*kafka.Consumer
	progress *progress
}

func (d *day) poll(ctx context.Context, n int, c *dayConsumer) error {
	return poll(ctx, c.Consumer, func(m *kafka.Message) {
		d.levels[n] <- c.progress.begin(d.task.Lowest+n, m)
		d.waiting <- struct{}{}
		c.progress.tick(c.Consumer, true)
	}, func() { c.progress.tick(c.Consumer, false) })
}

// work is one slot.
func (d *day) work(s *slot) {
	for range d.waiting {
		d.highest().handle(s)
	}
}

// highest takes a message of the highest level that has one; there is one.
func (d *day) highest() ticket {
	for {
		for n := len(d.levels) - 1; n >= 0; n-- {
			select {
			case m := <-d.levels[n]:
				return m
			default:
			}
		}
		// Others took what was there when we looked, and what is ours came behind our look.
	}
}
