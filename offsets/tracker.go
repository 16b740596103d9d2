package offsets

import (
	"errors"
	"fmt"

	"github.com/kafkaboost/boostd"
)

// Unknown is a position that nobody has named yet.
const Unknown int64 = -1

// Limits bound a Tracker's memory.
type Limits struct {
	// Pending is how many offsets of one partition may be delivered and not
	// done, held messages included, before Full says so. Zero means 10,000.
	Pending int
	// Metadata is how many characters of metadata a commit may carry; more than a
	// Map needs of them makes a partition Full too. Zero means MetadataLimit,
	// negative that no maps are written.
	Metadata int
}

// Verdict says what is to become of a delivered message.
type Verdict uint8

// Refused is a message of no open assignment, Fresh one to handle, Finished one
// that the map of an earlier commit tells to be done.
const (
	Refused Verdict = iota
	Fresh
	Finished
)

// Delivery is what Deliver says of a message. Attempts are those that failed
// earlier, in another assignment or process; a Held one waits for a person.
type Delivery struct {
	Epoch    uint32
	Verdict  Verdict
	Attempts int
	Held     bool
}

// Tracker keeps the partitions of one consumer. It is not safe for concurrent
// use.
type Tracker struct {
	limits     Limits
	epoch      uint32 // the last one given away; they are never reused
	partitions map[boostd.TopicPartition]*partition
	order      []*partition // in order of assignment, for a steady Commits
	last       *partition   // of the last call: runs of one partition are the rule
	open       *Transaction // what is done in it is not to be committed yet; nil none
}

// New makes an empty tracker.
func New(limits Limits) *Tracker {
	if limits.Pending <= 0 {
		limits.Pending = 10_000
	}
	if limits.Metadata == 0 {
		limits.Metadata = MetadataLimit
	}
	return &Tracker{limits: limits, partitions: map[boostd.TopicPartition]*partition{}}
}

// Successor makes an empty tracker whose epochs follow those of t, so that no
// result for t counts in it.
func (t *Tracker) Successor() *Tracker {
	s := New(t.limits)
	s.epoch = t.epoch
	return s
}

// Assign begins a new assignment of the partition and returns its epoch. next
// is the committed position, or Unknown (or another of Kafka's names below
// zero): then the first offset delivered is taken for it. An assignment that is
// still there ends, as with Raise.
func (t *Tracker) Assign(tp boostd.TopicPartition, next int64) uint32 {
	t.Raise(tp)
	t.epoch++
	next = max(next, Unknown)
	p := &partition{tp: tp, epoch: t.epoch, next: next, committed: next, leaderEpoch: -1}
	t.partitions[tp] = p
	t.order = append(t.order, p)
	return p.epoch
}

// Restore tells of a partition which topic it belongs to: from then on maps are
// written for it. Before anything of it is delivered, it also tells what was
// committed: the map counts only for the same topic and exactly that offset;
// otherwise the error says why it doesn't, and everything from the offset on is
// handled. ErrForeign means that the metadata is somebody else's; it stays until
// the partition is committed further. Nothing happens in another epoch.
func (t *Tracker) Restore(tp boostd.TopicPartition, epoch uint32, topic TopicID, committed int64, metadata string) error {
	p := t.find(tp)
	if p == nil || p.epoch != epoch {
		return nil
	}
	p.topic = topic
	if p.next != Unknown {
		return nil
	}
	p.committed = max(committed, Unknown)
	if metadata == "" {
		return nil
	}
	m, err := ParseMap(metadata)
	switch {
	case err != nil:
		p.foreign = errors.Is(err, ErrForeign)
		return err
	case topic == TopicID{}:
		return fmt.Errorf("read completion map: %w", errNoTopic)
	case m.Topic != topic:
		p.committed = Unknown
		return fmt.Errorf("read completion map: %w", ErrOtherTopic)
	case m.Base != committed:
		return fmt.Errorf("read completion map: it belongs to offset %d, and %d is committed", m.Base, committed)
	}
	p.restored, p.leaderEpoch = newRestored(m), m.LeaderEpoch
	return nil
}

// ErrOtherTopic says that what was committed belongs to a topic that was deleted:
// nothing of the one that has its name now is done.
var ErrOtherTopic = errors.New("it belongs to another topic of that name, which was deleted")

var errNoTopic = errors.New("the brokers don't say which topic this is")

// Deliver notes that the message at offset was fetched; leaderEpoch is the
// message's, -1 unknown. An offset below one that was delivered or committed
// before begins a new epoch without a map: Kafka has reset the position, and what
// comes may be other messages. The message must be handed on only when it is
// Fresh.
func (t *Tracker) Deliver(tp boostd.TopicPartition, offset int64, leaderEpoch int32) Delivery {
	p := t.find(tp)
	if p == nil || p.closed || offset < 0 {
		return Delivery{}
	}
	if offset < p.next || offset < p.committed {
		t.Assign(tp, Unknown)
		p = t.find(tp)
	}
	return p.deliver(offset, leaderEpoch)
}

// Done notes that the message at offset is finished. It is false, and nothing
// changes, for another epoch than the partition's and for an offset that isn't
// pending.
func (t *Tracker) Done(tp boostd.TopicPartition, epoch uint32, offset int64) bool {
	p := t.find(tp)
	return p != nil && p.epoch == epoch && p.done(offset)
}

// Failed notes how many attempts of a pending message have failed, Held that it
// is given up as well. They are false as Done is.
func (t *Tracker) Failed(tp boostd.TopicPartition, epoch uint32, offset int64, attempts int) bool {
	p := t.find(tp)
	return p != nil && p.epoch == epoch && p.note(offset, attempts, false)
}

// Held: see Failed.
func (t *Tracker) Held(tp boostd.TopicPartition, epoch uint32, offset int64, attempts int) bool {
	p := t.find(tp)
	return p != nil && p.epoch == epoch && p.note(offset, attempts, true)
}

// Holds reports whether the message is held.
func (t *Tracker) Holds(tp boostd.TopicPartition, offset int64) bool {
	p := t.find(tp)
	return p != nil && p.holds(offset)
}

// Release takes a held message for a fresh one again, and returns the epoch to
// handle it in. It is false where no such message is held.
func (t *Tracker) Release(tp boostd.TopicPartition, offset int64) (epoch uint32, ok bool) {
	p := t.find(tp)
	if p == nil || !p.holds(offset) {
		return 0, false
	}
	return p.epoch, p.note(offset, 0, false)
}

// Skip takes a held message for done. It is false where no such message is held.
func (t *Tracker) Skip(tp boostd.TopicPartition, offset int64) bool {
	p := t.find(tp)
	return p != nil && p.holds(offset) && p.done(offset)
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

// Topic is the partition's, zero where it isn't known or assigned.
func (t *Tracker) Topic(tp boostd.TopicPartition) TopicID {
	if p := t.find(tp); p != nil {
		return p.topic
	}
	return TopicID{}
}

// Newest is the last epoch that was given away, 0 before the first.
func (t *Tracker) Newest() uint32 { return t.epoch }

// Epoch is the partition's, false where it isn't assigned.
func (t *Tracker) Epoch(tp boostd.TopicPartition) (uint32, bool) {
	p := t.find(tp)
	if p == nil {
		return 0, false
	}
	return p.epoch, true
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
