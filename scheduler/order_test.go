package scheduler

import (
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestParseOrder(t *testing.T) {
	for s, want := range map[string]Order{"key": ByKey, "partition": ByPartition, "none": Unordered} {
		if got, err := ParseOrder(s); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "Key", "keys", "none "} {
		if _, err := ParseOrder(s); err == nil || !strings.Contains(err.Error(), "key, partition or none") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestLockID: which two messages may run at the same time.
func TestLockID(t *testing.T) {
	message := func(topic string, partition int32, key string) *boostd.Message {
		m := &boostd.Message{Topic: topic, Partition: partition}
		if key != "nil" {
			m.Key = []byte(key)
		}
		return m
	}
	a := message("t", 1, "a")
	for _, c := range []struct {
		name   string
		order  Order
		x, y   *boostd.Message
		locked bool
		same   bool
	}{
		{"same key", ByKey, a, message("t", 1, "a"), true, true},
		{"another key", ByKey, a, message("t", 1, "b"), true, false},
		{"same key of another partition", ByKey, a, message("t", 2, "a"), true, false},
		{"same key of another topic", ByKey, a, message("u", 1, "a"), true, false},
		{"no key", ByKey, message("t", 1, "nil"), a, false, false},
		{"an empty key is a key", ByKey, message("t", 1, ""), message("t", 1, ""), true, true},
		{"same partition", ByPartition, a, message("t", 1, "b"), true, true},
		{"no key in the same partition", ByPartition, message("t", 1, "nil"), a, true, true},
		{"another partition", ByPartition, a, message("t", 257, "a"), true, false},
		{"unordered", Unordered, a, a, false, false},
	} {
		x, ok := lockID(placeHash(c.x.TopicPartition()), c.x, c.order)
		y, _ := lockID(placeHash(c.y.TopicPartition()), c.y, c.order)
		if ok != c.locked || ok && (x == y) != c.same {
			t.Errorf("%s: locked %v, same %v; want %v, %v", c.name, ok, x == y, c.locked, c.same)
		}
	}
}

// TestLocksOfAKnownNumberOfKeysAreReused bounds what keys cost.
func TestLocksOfAKnownNumberOfKeysAreReused(t *testing.T) {
	ls := locks{byID: map[uint64]*lock{}}
	for id := range uint64(3 * maxFreeLocks) {
		l := ls.get(id)
		if again := ls.get(id); again != l {
			t.Fatalf("key %d has two locks", id)
		}
		if id%2 == 0 {
			ls.release(l)
		}
	}
	if len(ls.byID) != 3*maxFreeLocks/2 {
		t.Errorf("%d locks are in use", len(ls.byID))
	}
	for _, l := range ls.byID {
		ls.release(l)
	}
	if len(ls.byID) != 0 || len(ls.free) != maxFreeLocks {
		t.Errorf("%d in use and %d kept, want none and %d", len(ls.byID), len(ls.free), maxFreeLocks)
	}
}
