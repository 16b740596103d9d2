package offsets

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// partition is one assignment of a partition.
//
// It keeps the pending offsets alone: whatever lies between the first of them
// and next, and isn't pending, is done or was never there. So gaps need no
// care, and one message that is never finished costs nothing but itself.
type partition struct {
	tp        boostd.TopicPartition
	epoch     uint32
	closed    bool
	next      int64 // after the last one delivered, or Unknown
	committed int64 // the last successful commit, or the position at assignment
	pending   int
	// entries[head:] are offsets in ascending order, the first one pending; done
	// ones among them are swept out when they outnumber the pending.
	entries []entry
	head    int
}

type entry struct {
	offset int64
	done   bool
}

// sweepAt is the fewest entries worth a sweep.
const sweepAt = 64

func (p *partition) deliver(offset int64) {
	if p.next == Unknown {
		p.committed = offset
	}
	p.next = offset + 1
	p.pending++
	if p.head > sweepAt && p.head > len(p.entries)/2 {
		p.entries = append(p.entries[:0], p.entries[p.head:]...)
		p.head = 0
	}
	p.entries = append(p.entries, entry{offset: offset})
}

func (p *partition) done(offset int64) bool {
	at, ok := p.search(offset)
	if !ok || p.entries[at].done {
		return false
	}
	p.entries[at].done = true
	p.pending--
	for p.head < len(p.entries) && p.entries[p.head].done {
		p.head++
	}
	if n := len(p.entries) - p.head; n > sweepAt && n > 2*p.pending {
		left := slices.DeleteFunc(p.entries[p.head:], func(e entry) bool { return e.done })
		p.entries, p.head = append(p.entries[:0], left...), 0 // keeps the room before head
	}
	return true
}

// search finds the entry of an offset: where it stands if there is no gap and
// no sweep between, otherwise by bisection.
func (p *partition) search(offset int64) (int, bool) {
	if p.head == len(p.entries) {
		return 0, false
	}
	if at := int64(p.head) + offset - p.entries[p.head].offset; at >= int64(p.head) && at < int64(len(p.entries)) && p.entries[at].offset == offset {
		return int(at), true
	}
	at, ok := slices.BinarySearchFunc(p.entries[p.head:], offset, func(e entry, o int64) int {
		switch {
		case e.offset < o:
			return -1
		case e.offset > o:
			return 1
		}
		return 0
	})
	return p.head + at, ok
}

// committable is the first pending offset, else the one after all delivered.
func (p *partition) committable() int64 {
	if p.head < len(p.entries) {
		return p.entries[p.head].offset
	}
	return p.next
}
