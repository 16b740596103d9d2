package offsets

import "github.com/kafkaboost/boostd"

// Unknown is a position that nobody has named yet.
const Unknown int64 = -1

// Limits bound a Tracker's memory.
type Limits struct {
	// Pending is how many offsets of one partition may be delivered and not
	// done, held messages included, before Full says so. Zero means 10,000.
	Pending int
}

// Commit is how far a partition may be committed.
type Commit struct {
	boostd.TopicPartition
	Epoch uint32
	// Offset is the next one to read, as Kafka wants it.
	Offset int64
}

// Tracker keeps the partitions of one consumer. It is not safe for concurrent
// use.
type Tracker struct {
	limits     Limits
	epoch      uint32 // the last one given away; they are never reused
	partitions map[boostd.TopicPartition]*partition
	order      []*partition // in order of assignment, for a steady Commits
	last       *partition   // of the last call: runs of one partition are the rule
}

// New makes an empty tracker.
func New(limits Limits) *Tracker {
	if limits.Pending <= 0 {
		limits.Pending = 10_000
	}
	return &Tracker{limits: limits, partitions: map[boostd.TopicPartition]*partition{}}
}

// Assign begins a new assignment of the partition and returns its epoch. next
// is the committed position, or Unknown (or another of Kafka's names below
// zero): then the first offset delivered is taken for it. An assignment that is
// still there ends, as with Raise.
func (t *Tracker) Assign(tp boostd.TopicPartition, next int64) uint32 {
	t.Raise(tp)
	t.epoch++
	next = max(next, Unknown)
	p := &partition{tp: tp, epoch: t.epoch, next: next, committed: next}
	t.partitions[tp] = p
	t.order = append(t.order, p)
	return p.epoch
}

// Deliver notes that the message at offset was fetched. It is false, and the
// message must not be handed on, when the partition isn't assigned, is closed,
// or the offset lies below one delivered before.
func (t *Tracker) Deliver(tp boostd.TopicPartition, offset int64) (epoch uint32, ok bool) {
	p := t.find(tp)
	if p == nil || p.closed || offset < p.next || offset < 0 {
		return 0, false
	}
	p.deliver(offset)
	return p.epoch, true
}

// Done notes that the message at offset is finished. It is false, and nothing
// changes, for another epoch than the partition's and for an offset that isn't
// pending.
func (t *Tracker) Done(tp boostd.TopicPartition, epoch uint32, offset int64) bool {
	p := t.find(tp)
	return p != nil && p.epoch == epoch && p.done(offset)
}

// Close ends delivery; results still count.
func (t *Tracker) Close(tp boostd.TopicPartition) {
	if p := t.find(tp); p != nil {
		p.closed = true
	}
}

// Raise ends the assignments: results of their epochs never count again and
// nothing of them is committed.
func (t *Tracker) Raise(tps ...boostd.TopicPartition) {
	for _, tp := range tps {
		p := t.partitions[tp]
		if p == nil {
			continue
		}
		delete(t.partitions, tp)
		for n, o := range t.order {
			if o == p {
				t.order = append(t.order[:n], t.order[n+1:]...)
				break
			}
		}
	}
	t.last = nil
}

// Commits appends a Commit for every partition that can be committed further
// than it is.
func (t *Tracker) Commits(dst []Commit) []Commit {
	for _, p := range t.order {
		if c := p.committable(); c > p.committed {
			dst = append(dst, Commit{p.tp, p.epoch, c})
		}
	}
	return dst
}

// Committed notes that a commit has succeeded. One of an old epoch is ignored.
func (t *Tracker) Committed(c Commit) {
	if p := t.find(c.TopicPartition); p != nil && p.epoch == c.Epoch && c.Offset > p.committed {
		p.committed = c.Offset
	}
}

// Pending is how many offsets are delivered and not done.
func (t *Tracker) Pending(tp boostd.TopicPartition) int {
	if p := t.find(tp); p != nil {
		return p.pending
	}
	return 0
}

// Full reports whether the partition must deliver nothing more for now: too
// much of it is pending.
func (t *Tracker) Full(tp boostd.TopicPartition) bool {
	return t.Pending(tp) >= t.limits.Pending
}

// Position is the offset after the last one delivered: what a backlog is
// counted from. False while it is unknown.
func (t *Tracker) Position(tp boostd.TopicPartition) (int64, bool) {
	p := t.find(tp)
	if p == nil || p.next == Unknown {
		return 0, false
	}
	return p.next, true
}

// Committable is the next offset to commit. False while it is unknown.
func (t *Tracker) Committable(tp boostd.TopicPartition) (int64, bool) {
	p := t.find(tp)
	if p == nil || p.next == Unknown {
		return 0, false
	}
	return p.committable(), true
}

// Partitions are those that are assigned, closed ones included, in the order of
// their assignment.
func (t *Tracker) Partitions() []boostd.TopicPartition {
	tps := make([]boostd.TopicPartition, len(t.order))
	for n, p := range t.order {
		tps[n] = p.tp
	}
	return tps
}

func (t *Tracker) find(tp boostd.TopicPartition) *partition {
	if l := t.last; l != nil && l.tp == tp {
		return l
	}
	t.last = t.partitions[tp]
	return t.last
}
