package main

import (
	"context"
	"hash/maphash"
	"runtime/debug"
	"sync"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// runHash keeps the order of keys, or of partitions, as is often done: as many goroutines
// as there are slots, each with a channel of its own, and a message goes to the one that
// its key's hash names. It is simple, and slots stand idle while others have a queue.
//
// It is tuned as the pool is; the channels have room enough for one that is behind not to
// stop the others.
func runHash(ctx context.Context, t *task.Task, r *recorder) error {
	debug.SetGCPercent(gcPercent)
	lanes := make([]chan ticket, t.Slots)
	var workers sync.WaitGroup
	for n := range lanes {
		lanes[n] = make(chan ticket, laneRoom)
		s := r.slot()
		workers.Go(func() {
			for m := range lanes[n] {
				m.handle(s)
			}
		})
	}
	seed := maphash.MakeSeed()
	return feed(ctx, t, r, func(m ticket) {
		var lane uint64
		if key := m.message.Key; t.Order == "partition" || key == nil {
			lane = uint64(m.level*t.Partitions) + uint64(m.message.TopicPartition.Partition)
		} else {
			lane = maphash.Bytes(seed, key)
		}
		lanes[lane%uint64(len(lanes))] <- m
	}, func() {
		for _, l := range lanes {
			close(l)
		}
		workers.Wait()
	})
}

// laneRoom is how many messages wait for one goroutine.
const laneRoom = 256
