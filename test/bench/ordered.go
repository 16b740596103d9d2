package main

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"
)

// Case P: how well slots are used when messages take different times and some must
// wait for others.

var (
	fromFirst = measure{"time", "ms", false, "from the start of the first message to the end of the last"}
	fromPoll  = measure{"time with start", "ms", false, "from the first poll to the end of the last message"}
)

const (
	orderedBase  = "p"
	orderedSlots = 100
	orderedKeys  = 1_000
	longestWork  = 5 * time.Millisecond

	unorderedName, byKeyName, byPartitionName = "unordered", "by key", "by partition"
)

func orderedCase() *benchCase {
	return &benchCase{letter: "P", rounds: 5, data: fillOrdered, variants: func(quick bool) []variant {
		way := func(name, order string, who []entry) variant {
			return variant{name: name, who: who, limit: 60 * time.Second, run: func(ctx context.Context, s *stage, t turn) error {
				count := s.sizes.ordered
				if order == "partition" {
					count = s.sizes.serial
				}
				return runOrdered(ctx, s, t, order, count)
			}}
		}
		all := []variant{
			way(unorderedName, "none", everyone(always(boostd, pool), seldom(3, parallelConsumer))),
			way(byKeyName, "key", everyone(always(boostd, hash), seldom(3, parallelConsumer))),
		}
		if !quick {
			// One message after the other: 10,000 would take half a minute.
			all = append(all, way(byPartitionName, "partition", seldom(1, boostd, parallelConsumer)))
		}
		return all
	}}
}

func fillOrdered(ctx context.Context, s *stage) error {
	if err := s.create(ctx, orderedBase, 0, 1); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(7, 10)) // the same keys in each run
	return s.fill(ctx, batch{
		topic: topic(orderedBase, 0), partitions: 1, count: s.sizes.ordered, value: value(0, 100),
		key: func(int) []byte { return strconv.AppendInt([]byte("k"), random.Int64N(orderedKeys), 10) },
	})
}

func runOrdered(ctx context.Context, s *stage, t turn, order string, count int) error {
	job := s.task(orderedBase, 0)
	job.Partitions, job.Slots, job.Order, job.Count = 1, orderedSlots, order, int64(count)
	job.WorkMax = longestWork.Microseconds()
	c, err := s.start(ctx, t.contestant, job)
	if err != nil {
		return err
	}
	defer c.kill()
	first, last, err := span(ctx, c)
	if err != nil {
		return err
	}
	polling, err := c.await(ctx, "polling")
	if err != nil {
		return err
	}
	s.into.add(t, fromFirst, seconds(first, last)*1e3)
	s.into.add(t, fromPoll, seconds(polling, last)*1e3)
	_, err = c.stop(ctx)
	return err
}
