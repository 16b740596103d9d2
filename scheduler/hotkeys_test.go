package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestHotKeysAreShown(t *testing.T) {
	r := newRig(t, 8, ByKey)
	r.fetch(0, tp0, "a:1", "a:1", "a:1", "a:1", "b:1", "b:1", "c:1", "d:1", "d:1", "d:1", "e:1", "e:1")
	r.fetch(0, tp1, "a:1", "a:1", "a:1", "a:1", "a:1")
	hash := func(tp boostd.TopicPartition, key string) uint64 {
		id, _ := lockID(placeHash(tp), &boostd.Message{Topic: tp.Topic, Partition: tp.Partition, Key: []byte(key)}, ByKey)
		return id
	}
	want := []HotKey{{tp1, hash(tp1, "a"), 4, false}, {tp0, hash(tp0, "a"), 3, false}, {tp0, hash(tp0, "d"), 2, false}}
	if got := r.core.Status(r.now).Pools[0].HotKeys; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("hot keys are %v, want %v", got, want)
	}
	for slot, items := range r.out {
		if items[0].Message.Partition == 1 {
			r.finish(slot, retry)
			break
		}
	}
	if got := r.core.Status(r.now).Pools[0].HotKeys[0]; !got.Retrying || got.Waiting != 4 {
		t.Errorf("the first is %v, want one that waits for its retry", got)
	}
}

// A key with a window full of messages costs the others nothing but its own slot.
func TestHotKeyLeavesTheOthersTheirSlots(t *testing.T) {
	r := newRig(t, 2, ByKey)
	r.fetch(0, tp0, strings.Fields(strings.Repeat("hot:1 ", 900))...)
	r.want("run 0@1: 0")
	r.fetch(0, tp0, "x:1", "y:1", "z:1")
	r.want("run 1@1: 900")
	r.finish(1, done)
	r.want("run 1@1: 901", "done 900")
	r.finish(1, done)
	r.want("run 1@1: 902", "done 901")
}

// TestMillionKeys: as many distinct keys as messages, a window at a time; nothing
// is remembered of those that are done.
func TestMillionKeys(t *testing.T) {
	r := newRig(t, 64, ByKey)
	r.warm(1, 10*time.Microsecond)
	p := r.core.pools[0]
	const batch = 256
	messages := make([]boostd.Message, batch)
	for n := 0; n < 1_000_000; n += batch {
		for i := range messages {
			messages[i] = boostd.Message{Topic: "t", Offset: int64(n + i), Level: 1, Key: fmt.Append(nil, n+i), FetchedAt: r.now}
		}
		open := append([]Dispatch(nil), r.core.Fetched(r.now, 0, messages).Dispatches...)
		for len(open) > 0 {
			d := open[len(open)-1]
			open = open[:len(open)-1]
			r.now = r.now.Add(10 * time.Microsecond)
			for _, i := range d.Items {
				i.StartedAt, i.FinishedAt, i.Result.Outcome = r.now, r.now, boostd.Done
			}
			open = append(open, r.core.Finished(r.now, 0, d.Slot, d.Items).Dispatches...)
		}
		if len(p.locks.byID) > 0 {
			t.Fatalf("%d locks are remembered after %d messages", len(p.locks.byID), n)
		}
	}
	if len(p.locks.free) > maxFreeLocks {
		t.Errorf("%d locks are kept for later", len(p.locks.free))
	}
}
