package offsets

import (
	"math/bits"
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

	topic       TopicID // zero: no map is written
	leaderEpoch int32   // the newest of what was delivered or restored, -1 unknown
	restored    restored
	foreign     bool // the committed metadata is somebody else's
	noted       int  // pending ones with a state other than fresh
	stateBits   int  // what those states take in a map
	// changed counts what a map would tell; saved is how much of it is committed.
	changed, saved uint64
}

type entry struct {
	Pending
	done bool
}

// sweepAt is the fewest entries worth a sweep.
const sweepAt = 64

// deliver notes an offset at or behind next.
func (p *partition) deliver(offset int64, leaderEpoch int32) Delivery {
	d := Delivery{Epoch: p.epoch, Verdict: Fresh}
	was, finished := p.restored.take(offset, leaderEpoch)
	if p.committed == Unknown {
		p.committed = offset
	}
	p.next = offset + 1
	p.leaderEpoch = max(p.leaderEpoch, leaderEpoch)
	if finished {
		d.Verdict = Finished
		return d
	}
	d.Attempts, d.Held = int(was.Attempts), was.Held
	p.pending++
	if was.noted() {
		p.noted++
		p.stateBits += was.stateBits()
	}
	if p.head > sweepAt && p.head > len(p.entries)/2 {
		p.entries = append(p.entries[:0], p.entries[p.head:]...)
		p.head = 0
	}
	p.entries = append(p.entries, entry{Pending: was})
	return d
}

// done ends a pending offset.
func (p *partition) done(offset int64) bool {
	at, ok := p.search(offset)
	if !ok || p.entries[at].done {
		return false
	}
	e := &p.entries[at]
	e.done = true
	p.pending--
	p.changed++
	if e.noted() {
		p.noted--
		p.stateBits -= e.stateBits()
	}
	for p.head < len(p.entries) && p.entries[p.head].done {
		p.head++
	}
	if n := len(p.entries) - p.head; n > sweepAt && n > 2*p.pending {
		left := slices.DeleteFunc(p.entries[p.head:], func(e entry) bool { return e.done })
		p.entries, p.head = append(p.entries[:0], left...), 0 // keeps the room before head
	}
	return true
}

// note gives a pending offset another state.
func (p *partition) note(offset int64, attempts int, held bool) bool {
	at, ok := p.search(offset)
	if !ok || p.entries[at].done {
		return false
	}
	e := &p.entries[at]
	if e.noted() {
		p.noted--
		p.stateBits -= e.stateBits()
	}
	e.Attempts, e.Held = uint8(min(max(attempts, 0), 255)), held
	if e.noted() {
		p.noted++
		p.stateBits += e.stateBits()
	}
	p.changed++
	return true
}

// holds reports whether the message at offset is held.
func (p *partition) holds(offset int64) bool {
	at, ok := p.search(offset)
	return ok && !p.entries[at].done && p.entries[at].Held
}

// search finds the entry of an offset: where it stands if there is no gap and
// no sweep between, otherwise by bisection.
func (p *partition) search(offset int64) (int, bool) {
	if p.head == len(p.entries) {
		return 0, false
	}
	if at := int64(p.head) + offset - p.entries[p.head].Offset; at >= int64(p.head) && at < int64(len(p.entries)) && p.entries[at].Offset == offset {
		return int(at), true
	}
	at, ok := slices.BinarySearchFunc(p.entries[p.head:], offset, func(e entry, o int64) int {
		switch {
		case e.Offset < o:
			return -1
		case e.Offset > o:
			return 1
		}
		return 0
	})
	return p.head + at, ok
}

// committable is the first pending offset, else the one after all delivered.
func (p *partition) committable() int64 {
	if p.head < len(p.entries) {
		return p.entries[p.head].Offset
	}
	return p.next
}

// completion is the map that belongs to a commit at committable, or before it at the
// first of but: those, ascending, count as pending.
func (p *partition) completion(but []int64) Map {
	m := Map{Topic: p.topic, Base: p.committable(), LeaderEpoch: p.leaderEpoch}
	if len(but) > 0 {
		m.Base = min(m.Base, but[0])
	}
	m.End = max(p.next, p.restored.end)
	m.Pending = make([]Pending, 0, p.pending+len(but)+len(p.restored.rest))
	for _, e := range p.entries[p.head:] {
		if e.done {
			continue
		}
		for ; len(but) > 0 && but[0] < e.Offset; but = but[1:] {
			m.Pending = append(m.Pending, Pending{Offset: but[0]})
		}
		m.Pending = append(m.Pending, e.Pending)
	}
	for _, offset := range but {
		m.Pending = append(m.Pending, Pending{Offset: offset})
	}
	m.Pending = append(m.Pending, p.restored.rest...)
	// A tail of fresh ones tells no more than its absence.
	for n := len(m.Pending); n > 0 && m.Pending[n-1].Offset == m.End-1 && !m.Pending[n-1].noted(); n-- {
		m.Pending = m.Pending[:n-1]
		m.End--
	}
	return m
}

// mapBits is the most bits that the pending offsets can come to take in a map
// while nothing more is delivered: n numbers that add up to at most span cost, in
// Rice's code, at most n*(k+1) + span>>k bits. A state that isn't there yet is
// taken for one of up to seven attempts. As many as but are done and count as pending.
func (p *partition) mapBits(but int) int {
	n := p.pending + but + len(p.restored.rest)
	if n == 0 {
		return 0
	}
	k := p.runBits(n, but)
	places := n*(k+1) + int(p.span(but)>>k)
	return places + but + reserve*(p.pending-p.noted) + p.stateBits + p.restored.bits
}

// reserve is the state of a message that isn't there yet, in bits.
const reserve = 2 + 5

// mostBits is the most that mapBits grows by with one more message, with a gap of
// one offset before it: its own place in Rice's code, two offsets more of span, and
// its state; the parameter only falls, and then the sum grows by less.
func (p *partition) mostBits(but int) int {
	return p.runBits(max(p.pending+but+len(p.restored.rest), 1), but) + 3 + reserve
}

// span is how many offsets a map tells of, at most.
func (p *partition) span(but int) uint64 {
	base := p.committable()
	if but > 0 {
		base = min(base, p.committed)
	}
	return uint64(max(p.next, p.restored.end) - base)
}

// runBits is the parameter of Rice's code for n of the partition's offsets.
func (p *partition) runBits(n, but int) int { return max(bits.Len64(p.span(but)/uint64(n))-1, 0) }
