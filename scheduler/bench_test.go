package scheduler

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// BenchmarkCore fetches 256 messages of one of 11 levels, and gives back every
// batch that is dispatched: figures are for one message.
func BenchmarkCore(b *testing.B) {
	for _, c := range []struct {
		name  string
		order Order
		mean  time.Duration
		batch Batch
	}{
		{"none/1ms", Unordered, time.Millisecond, Batch{}},
		{"none/10us", Unordered, 10 * time.Microsecond, Batch{}},
		{"key/1ms", ByKey, time.Millisecond, Batch{}},
		{"key/10us", ByKey, 10 * time.Microsecond, Batch{}},
		{"partition/10us", ByPartition, 10 * time.Microsecond, Batch{}},
		{"none/batch", Unordered, time.Millisecond, Batch{100, 0}},
		{"none/filled", Unordered, time.Millisecond, Batch{100, time.Microsecond}},
		{"key/filled", ByKey, time.Millisecond, Batch{100, time.Microsecond}},
		{"partition/filled", ByPartition, time.Millisecond, Batch{100, time.Microsecond}},
	} {
		b.Run(c.name, func(b *testing.B) { benchCore(b, c.order, c.mean, c.batch) })
	}
}

func benchCore(b *testing.B, order Order, mean time.Duration, batch Batch) {
	core, now := New(Config{Gate: true}), time.Unix(1000, 0)
	config := rigPool
	config.Slots, config.Batch = 64, batch
	pool, err := core.AddPool(config)
	if err != nil {
		b.Fatal(err)
	}
	core.Start(now)
	for level := range boostd.Level(11) {
		id, err := core.AddConsumer(ConsumerConfig{Level: level, Window: DefaultWindow, Orders: map[string]Order{"t": order}})
		if err != nil {
			b.Fatal(err)
		}
		core.Assigned(now, id, []boostd.TopicPartition{tp0, tp1})
	}
	keys := make([]byte, 8*1000)
	batches := make([][]boostd.Message, 11) // the Source's: not the core's to count
	for level := range batches {
		batches[level] = make([]boostd.Message, 256)
		for n := range batches[level] {
			k := (n * 7 % 1000) * 8
			binary.LittleEndian.PutUint64(keys[k:], uint64(k))
			batches[level][n] = boostd.Message{Topic: "t", Partition: int32(n % 2), Level: boostd.Level(level), Key: keys[k : k+8], FetchedAt: now}
		}
	}
	b.ReportAllocs()
	var open []Dispatch
	recalls := 0
	take := func(e *Effects) {
		open = append(open, e.Dispatches...)
		recalls += len(e.Recalls)
		for _, s := range e.Settled {
			core.Reuse(s)
		}
	}
	for n := 0; b.Loop(); n += 256 {
		level := n / 256 % 11
		take(core.Fetched(now, ConsumerID(level), batches[level]))
		for len(open) > 0 {
			for ; recalls > 0; recalls-- {
				take(core.Recalled(now, pool, nil)) // these workers begin all at once
			}
			d := open[len(open)-1]
			open = open[:len(open)-1]
			now = now.Add(mean)
			for _, i := range d.Items {
				i.StartedAt, i.FinishedAt, i.Result.Outcome = now.Add(-mean), now, boostd.Done
			}
			take(core.Finished(now, pool, d.Slot, d.Items))
		}
		if level := core.Waiting(pool); level != None {
			b.Fatalf("level %d waits, and nothing runs", level)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/msg")
}
