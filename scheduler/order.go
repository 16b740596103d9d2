package scheduler

import (
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// Order says which messages of a topic may run at the same time.
type Order uint8

// ByKey runs the messages of one key of a partition one after the other, in the
// order of their offsets; messages without a key are free. ByPartition does so
// for the whole partition. Unordered keeps nothing.
const (
	ByKey Order = iota
	ByPartition
	Unordered
)

var orderNames = map[string]Order{"key": ByKey, "partition": ByPartition, "none": Unordered}

// ParseOrder reads key, partition or none.
func ParseOrder(s string) (Order, error) {
	if o, ok := orderNames[s]; ok {
		return o, nil
	}
	return 0, fmt.Errorf("order %q: want key, partition or none", s)
}

// lock keeps the order of one key or partition. It outlives an assignment: it
// exists as long as an attempt of it runs, waits for its retry, or a message of
// it is queued.
//
// At any time at most one batch has items of it, and one worker runs those in
// order; where its handler takes several before it reports the first, several
// may fail and wait for their retries. A base topic may hold one key at several
// levels; then the highest goes first, and an item that became ready at a lower
// level stays in that level's ready list until take finds the lock running.
type lock struct {
	id      uint64
	running int
	backoff int
	// freed is when an item that went before higher levels last gave it back: a
	// higher one that stood in its list meanwhile has been ready since then only.
	freed time.Time
	// ready are the levels at which an item of this lock stands in a ready
	// list, ascending: a new one is added only above the last, so that per
	// level it is always the item with the lowest offset.
	ready []boostd.Level
	// behind is how many of waiting have the last of these levels, up to Batch.Max;
	// only with Batch.Wait.
	behind int
	// waiting are the items behind it: highest level first, then by offset, so
	// that what comes back, in whatever order, finds its old place.
	waiting list
}

// best is the highest level at which an item stands in a ready list, or None.
func (l *lock) best() boostd.Level {
	if len(l.ready) == 0 {
		return None
	}
	return l.ready[len(l.ready)-1]
}

// busy reports whether an item of the lock runs or waits for its retry.
func (l *lock) busy() bool { return l.running > 0 || l.backoff > 0 }

// admits reports whether an item of that level may stand in its ready list.
func (l *lock) admits(level boostd.Level) bool {
	return !l.busy() && (len(l.ready) == 0 || level > l.ready[len(l.ready)-1])
}

// gaveBack notes that an item of the lock no longer runs or waits for its retry.
func (l *lock) gaveBack(i *Item, now time.Time) {
	if i.grant != noGrant {
		l.freed = now
	}
}

// unready notes that the item of that level has left its ready list.
func (l *lock) unready(level boostd.Level) {
	for n, at := range slices.Backward(l.ready) {
		if at == level {
			l.ready = append(l.ready[:n], l.ready[n+1:]...)
			return
		}
	}
}

// wait puts the item where its level and offset want it.
func (l *lock) wait(i *Item) {
	m := i.Message
	l.waiting.insert(i, func(other *Item) bool {
		o := other.Message
		return o.Level < m.Level || o.Level == m.Level && o.Offset > m.Offset
	})
}

// locks finds the lock of a message. Two keys whose hashes collide share a
// lock, which costs parallelism and nothing else.
type locks struct {
	byID map[uint64]*lock
	free []*lock // reused, so that a known number of keys doesn't allocate
}

// maxFreeLocks bounds the memory that a burst of distinct keys leaves behind.
const maxFreeLocks = 4096

func (ls *locks) get(id uint64) *lock {
	if l := ls.byID[id]; l != nil {
		return l
	}
	var l *lock
	if n := len(ls.free); n > 0 {
		l, ls.free = ls.free[n-1], ls.free[:n-1]
	} else {
		l = &lock{}
	}
	l.id, l.freed, l.behind = id, time.Time{}, 0
	ls.byID[id] = l
	return l
}

// release forgets the lock when nothing holds it and nothing waits for it.
func (ls *locks) release(l *lock) {
	if l.busy() || len(l.ready) > 0 || l.waiting.len > 0 {
		return
	}
	delete(ls.byID, l.id)
	if len(ls.free) < maxFreeLocks {
		ls.free = append(ls.free, l)
	}
}

// lockID is the identity of a message's lock: FNV-1a (64 bit) over topic and
// partition, which is place, and, by key, the key. It is false where there is no
// order to keep.
func lockID(place uint64, m *boostd.Message, o Order) (uint64, bool) {
	if o == Unordered || o == ByKey && m.Key == nil {
		return 0, false
	}
	h := place
	if o == ByKey {
		for _, b := range m.Key {
			h = (h ^ uint64(b)) * fnvPrime
		}
	}
	return h, true
}

const fnvOffset, fnvPrime = 14695981039346656037, 1099511628211

// placeHash is the part of a lock's identity that a partition's messages share.
func placeHash(tp boostd.TopicPartition) uint64 {
	h := uint64(fnvOffset)
	for i := range len(tp.Topic) {
		h = (h ^ uint64(tp.Topic[i])) * fnvPrime
	}
	for shift := 0; shift < 32; shift += 8 {
		h = (h ^ uint64(uint8(tp.Partition>>shift))) * fnvPrime
	}
	return h
}
