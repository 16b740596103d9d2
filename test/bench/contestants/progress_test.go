package main

import (
	"math/rand/v2"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// read has a progress begin an offset of topic b_1, partition 2.
func read(p *progress, offset kafka.Offset) ticket {
	topic := "b_1"
	return p.begin(1, &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: 2, Offset: offset}})
}

// Whatever the order in which messages end, only what is done as a whole from the beginning
// on is committed; offsets may have gaps.
func TestProgress(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		p := newProgress(&task.Task{Base: "b", Highest: 1, Partitions: 3})
		w := &p.windows[1*3+2]
		var offsets []kafka.Offset
		var open []ticket
		done := map[kafka.Offset]bool{}
		for next := kafka.Offset(r.IntN(10)); len(offsets) < 50; next += kafka.Offset(1 + r.IntN(3)) {
			offsets = append(offsets, next)
			open = append(open, read(p, next))
			for len(open) > 0 && r.IntN(2) == 0 {
				n := r.IntN(len(open))
				open[n].end()
				done[open[n].message.TopicPartition.Offset] = true
				open = append(open[:n], open[n+1:]...)
			}
			want := kafka.Offset(0)
			for _, o := range offsets {
				if !done[o] {
					break
				}
				want = o + 1
			}
			if w.next != want {
				t.Fatalf("of %v are done %v: it would commit %v, want %v", offsets, done, w.next, want)
			}
		}
	}
}

// What an earlier assignment began counts for nothing.
func TestProgressForgetsWhatIsRevoked(t *testing.T) {
	p := newProgress(&task.Task{Base: "b", Highest: 1, Partitions: 3})
	w := &p.windows[1*3+2]
	old := read(p, 5)
	read(p, 6).end()
	w.forget()
	again := read(p, 3)
	old.end()
	if w.next != 0 {
		t.Errorf("it would commit %v", w.next)
	}
	again.end()
	if w.next != 4 {
		t.Errorf("it would commit %v, want 4", w.next)
	}
}
