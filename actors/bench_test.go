package actors

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// BenchmarkEngine carries messages of 11 levels from memory through the actors to
// a handler that does nothing, and back: what boostd adds to a message.
func BenchmarkEngine(b *testing.B) {
	var sources []*fakeSource
	counts := make([]*counting, 11)
	for n := range counts {
		counts[n] = &counting{fakeSource: newFakeSource(), room: make(chan struct{}, 1)}
		sources = append(sources, counts[n].fakeSource)
	}
	startWith(b, setup{sources: sources, slots: 64, handler: handlerFunc(done)}, func(o *Options) {
		for n := range o.Consumers {
			o.Consumers[n].Source = counts[n]
		}
	})
	batches := make([][]*boostd.Batch, len(counts))
	for level, c := range counts {
		c.emit(&boostd.Assigned{Partitions: only})
		c.emit(&boostd.CaughtUp{})
		for n := range scheduler.DefaultWindow.Messages / benchBatch {
			batches[level] = append(batches[level], memory(boostd.Level(level), n))
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	sent := 0
	for round := 0; sent < b.N; round++ {
		for level, c := range counts {
			c.await(int64(scheduler.DefaultWindow.Messages - benchBatch))
			c.sent.Add(benchBatch)
			c.emit(batches[level][round%len(batches[level])])
			sent += benchBatch
		}
	}
	for _, c := range counts {
		c.await(0)
	}
	b.StopTimer()
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "msg/s")
}

const benchBatch = 256

// memory is a batch of messages that is sent again and again: the core copies it.
func memory(level boostd.Level, n int) *boostd.Batch {
	b := &boostd.Batch{}
	keys := make([]byte, 8*benchBatch)
	now := time.Now()
	for i := range benchBatch {
		binary.LittleEndian.PutUint64(keys[8*i:], uint64(n*benchBatch+i))
		b.Messages = append(b.Messages, boostd.Message{Topic: "t", Offset: int64(n*benchBatch + i), Level: level,
			Key: keys[8*i : 8*i+8], FetchedAt: now})
	}
	return b
}

// counting is a source that only counts what is settled.
type counting struct {
	*fakeSource
	sent, settled atomic.Int64
	room          chan struct{}
}

func (c *counting) Settle(settled []boostd.Settlement) {
	c.settled.Add(int64(len(settled)))
	select {
	case c.room <- struct{}{}:
	default:
	}
}

// await waits until no more than so many are on their way.
func (c *counting) await(most int64) {
	for c.sent.Load()-c.settled.Load() > most {
		<-c.room
	}
}
