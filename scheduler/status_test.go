package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// TestStatus holds the whole picture against a text, so that every field has
// been looked at once.
func TestStatus(t *testing.T) {
	r := newRig(t, 2, ByKey)
	low := r.consumer(ConsumerConfig{Name: "low", Level: 1, Window: Window{Messages: 2, Bytes: 1 << 20}})
	r.consumer(ConsumerConfig{Name: "high", Level: 9})
	lowTP := boostd.TopicPartition{Topic: "low"}
	r.assigned(low, lowTP)
	r.warm(9, time.Second)
	r.apply(r.core.Backlog(r.now, 2, 100))
	r.fetch(0, tp1, "a:9", "b:9", "c:9")
	r.fetch(0, tp0, "d:3")
	r.now = r.now.Add(40 * time.Millisecond)
	r.fetch(low, lowTP, "-:1", "-:1")
	r.core.Overrun(0, 1)
	r.finish(0, dead)
	r.finish(0, retry)
	r.now = r.now.Add(2 * time.Millisecond)

	const want = `started true, draining false
pool p: 2 slots, 2 busy, 1 stuck
  level 1: 2 queued, 0 in flight, oldest 2ms, mean 0s, {0 0 0 0 0 0 0}
  level 3: 0 queued, 1 in flight, oldest 0s, mean 0s, {0 0 0 0 0 0 0}
  level 9: 1 queued, 1 in flight, oldest 0s, mean 879ms, {0 1 0 1 0 0 0}
consumer base: pool 0, level 0, mixed true, broker -1, 3 unsettled, 1539 bytes, 2 partitions, RUN "" for 42ms, 1 held, 0 pauses, 0 resumes
consumer low: pool 0, level 1, mixed false, broker -1, 2 unsettled, 1024 bytes, 1 partitions, PAUSED "levels above have work for 51.5s" for 2ms, 0 held, 1 pauses, 0 resumes
consumer high: pool 0, level 9, mixed false, broker 100, 0 unsettled, 0 bytes, 0 partitions, RUN "" for 42ms, 0 held, 0 pauses, 0 resumes
held t/1@0 level 9, 1 attempts, ""
`
	if got := describe(r.core.Status(r.now)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func describe(s Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "started %v, draining %v\n", s.Started, s.Draining)
	for _, p := range s.Pools {
		fmt.Fprintf(&b, "pool %s: %d slots, %d busy, %d stuck\n", p.Name, p.Slots, p.Busy, p.Stuck)
		for _, l := range p.Levels {
			fmt.Fprintf(&b, "  level %d: %d queued, %d in flight, oldest %v, mean %v, %v\n",
				l.Level, l.Queued, l.InFlight, l.Oldest, l.Mean.Round(time.Millisecond), l.Counts)
		}
	}
	for _, k := range s.Consumers {
		fmt.Fprintf(&b, "consumer %s: pool %d, level %d, mixed %v, broker %d, %d unsettled, %d bytes, %d partitions, %v %q for %v, %d held, %d pauses, %d resumes\n",
			k.Name, k.Pool, k.Level, k.Mixed, k.Broker, k.Unsettled, k.Bytes, k.Partitions, k.State, k.Reason, s.At.Sub(k.Since), k.Held, k.Pauses, k.Resumes)
	}
	for _, h := range s.Held {
		fmt.Fprintf(&b, "held %v@%d level %d, %d attempts, %q\n", h.TopicPartition, h.Offset, h.Level, h.Attempts, h.Reason)
	}
	return b.String()
}

// TestHeldShownIsBounded: the count goes on, the list doesn't.
func TestHeldShownIsBounded(t *testing.T) {
	r := newRig(t, 1, Unordered)
	for range MaxHeldShown + 50 {
		r.fetch(0, tp0, "-:0")
		r.finish(0, dead)
	}
	s := r.core.Status(r.now)
	if len(s.Held) != MaxHeldShown || s.Consumers[0].Held != MaxHeldShown+50 || s.Consumers[0].Unsettled != 0 {
		t.Errorf("%d shown, %d held, %d unsettled", len(s.Held), s.Consumers[0].Held, s.Consumers[0].Unsettled)
	}
	for n := 1; n < len(s.Held); n++ {
		if s.Held[n].Offset <= s.Held[n-1].Offset {
			t.Fatal("not in order")
		}
	}
}

// TestWindowOfBytes: large messages fill a window too.
func TestWindowOfBytes(t *testing.T) {
	r := newRig(t, 1, Unordered)
	size := int64((&boostd.Message{}).Size())
	k := r.core.consumers[r.consumer(ConsumerConfig{Level: 1, Window: Window{Messages: 1000, Bytes: 4 * size}})]
	tp := boostd.TopicPartition{Topic: "large"}
	r.assigned(k.id, tp)
	for n, want := range []struct{ full, halfEmpty bool }{{false, true}, {false, false}, {false, false}, {true, false}, {true, false}} {
		r.fetch(k.id, tp, "-:1")
		if k.full() != want.full || k.halfEmpty() != want.halfEmpty {
			t.Errorf("after %d: full %v, more than half empty %v; want %v", n+1, k.full(), k.halfEmpty(), want)
		}
	}
	if k.gate.state != Hold {
		t.Errorf("its state is %v", k.gate.state)
	}
}
