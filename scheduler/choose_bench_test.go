package scheduler

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// BenchmarkChoose is what a batch costs the core from its return to the next
// dispatch, gate included, but for what follows from its results: its messages
// come again at another level, so that the queue stays as long as it is. Batches
// are of 64 messages, or of 1.
func BenchmarkChoose(b *testing.B) {
	for _, policy := range []string{"strict", "max_wait", "min_share", "reserve", "exclusive"} {
		for _, size := range []int{64, 1} {
			for _, levels := range []int{1, 11, 100, 1000, 10_000} {
				b.Run(fmt.Sprintf("%s/batch=%d/levels=%d/queued=%d", policy, size, levels, 10_000), func(b *testing.B) {
					benchChoose(b, policy, size, levels, 10_000)
				})
				if policy != "strict" && levels >= 11 {
					break
				}
			}
			for _, queued := range []int{256, 100_000} {
				b.Run(fmt.Sprintf("%s/batch=%d/levels=11/queued=%d", policy, size, queued), func(b *testing.B) {
					benchChoose(b, policy, size, 11, queued)
				})
			}
		}
	}
}

func benchPolicy(name string, levels int) (p Policy) {
	switch name {
	case "max_wait":
		p.MaxWait = time.Second
	case "min_share":
		for l := range boostd.Level(min(levels, 5)) {
			p.MinShare = append(p.MinShare, Share{l, 10})
		}
	case "reserve":
		if levels > 1 {
			p.Reserve = []Reserve{{boostd.Level(levels / 2), 1}}
		}
	case "exclusive":
		p.Exclusive = true
	}
	return p
}

func benchChoose(b *testing.B, policy string, size, levels, queued int) {
	c, now, rng := New(Config{Gate: true}), time.Unix(1000, 0), rand.New(rand.NewPCG(1, 1))
	mean := DefaultSlice / 64
	if size == 1 {
		mean = DefaultSlice
	}
	config := rigPool
	config.Slots, config.Levels, config.Policy = 1, levels, benchPolicy(policy, levels)
	if policy == "reserve" {
		config.Slots = 2
	}
	config.Slice = DefaultSlice
	if _, err := c.AddPool(config); err != nil {
		b.Fatal(err)
	}
	for level := range boostd.Level(levels) {
		if _, err := c.AddConsumer(ConsumerConfig{Level: level, Window: Window{Messages: 2 * queued, Bytes: 1 << 40}}); err != nil {
			b.Fatal(err)
		}
	}
	base, err := c.AddConsumer(ConsumerConfig{Mixed: true, Window: Window{Messages: 2*queued + 1000, Bytes: 1 << 40}, Orders: map[string]Order{"t": Unordered}})
	if err != nil {
		b.Fatal(err)
	}
	c.Assigned(now, base, []boostd.TopicPartition{tp0})
	p := c.pools[0]
	for l := range p.levels {
		for e := &p.levels[l].estimate; !e.known(); {
			e.add(mean)
		}
	}
	batch := make([]boostd.Message, size)
	for sent := 0; sent < queued+2*size; sent += size {
		level := boostd.Level(rng.IntN(levels))
		for n := range batch {
			batch[n] = boostd.Message{Topic: "t", Level: level, FetchedAt: now}
		}
		c.Fetched(now, base, batch)
	}
	for _, k := range c.consumers {
		k.caughtUp = true
	}
	started := c.Start(now).Dispatches
	open := started[0]
	for _, d := range started[1:] {
		p.batches.close(d.Slot) // that one is never over, and never recalled
	}
	b.ReportAllocs()
	messages := 0
	for b.Loop() {
		now = now.Add(mean)
		c.effects.reset()
		items, level := p.batch[open.Slot], boostd.Level(rng.IntN(levels))
		messages += len(items)
		for _, i := range items {
			p.returned(i, now)
			i.Message.Level, i.Message.Attempt, i.Message.FetchedAt = level, 0, now
			p.enqueue(i)
		}
		p.free = append(p.free, open.Slot)
		p.isBusy[open.Slot] = false
		p.occupy(open.Level, -1)
		p.batches.close(open.Slot)
		if e := c.step(now); len(e.Dispatches) != 1 {
			b.Fatalf("%d dispatches", len(e.Dispatches))
		}
		open = c.effects.Dispatches[0]
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(messages), "ns/msg")
	b.ReportMetric(float64(messages)/float64(b.N), "msg/batch")
}
