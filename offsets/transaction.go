package offsets

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kafkaboost/boostd"
)

// Transaction is the account of one Kafka transaction: the messages whose results are
// written in it, and what became of them. It may be committed, together with the
// offsets, when all of them are done in the epochs that they were written in; a
// message that was written and isn't done would be written again. It is not safe for
// concurrent use. The zero value is one that nothing is written in.
type Transaction struct {
	epochs map[boostd.TopicPartition]uint32
	open   map[boostd.Coordinates]bool       // true: written in it, not settled yet
	done   map[boostd.TopicPartition][]int64 // written in it and done
	failed error
}

// Begin says in which transaction messages are written from now on: until another one
// is begun, what is done in it counts as pending in Commits, because it is to be
// committed with it. The one before can be ended meanwhile, and must be before the
// next is begun.
func (t *Tracker) Begin(x *Transaction) { t.open = x }

// What Write refuses for.
var (
	// ErrStale is a message's of another epoch: it will come again, here or elsewhere.
	ErrStale = errors.New("the partition was given away, or is read again")
	// ErrTwice says that a message's first attempt may be in the transaction already.
	ErrTwice = errors.New("a message was tried again while its first writing was under way")
)

// Write notes that a message's result is about to be written. The error says why it
// must not be; after ErrTwice the transaction can only be aborted.
func (x *Transaction) Write(t *Tracker, m *boostd.Message) error {
	if x.failed != nil {
		return x.failed
	}
	tp := m.TopicPartition()
	if epoch, ok := t.Epoch(tp); !ok || epoch != m.Epoch {
		return ErrStale
	}
	at := m.Coordinates()
	if x.open[at] {
		x.Fail(fmt.Errorf("%v: %w", at, ErrTwice))
		return x.failed
	}
	if x.open == nil {
		x.open, x.epochs, x.done = map[boostd.Coordinates]bool{}, map[boostd.TopicPartition]uint32{}, map[boostd.TopicPartition][]int64{}
	}
	if was, ok := x.epochs[tp]; ok && was != m.Epoch {
		x.Fail(fmt.Errorf("%v: %w", tp, ErrStale))
		return x.failed
	}
	x.epochs[tp], x.open[at] = m.Epoch, true
	return nil
}

// Unwrite takes Write back: nothing was written.
func (x *Transaction) Unwrite(m *boostd.Message) { delete(x.open, m.Coordinates()) }

// Settle notes what became of a message, whether it is written here or not.
func (x *Transaction) Settle(m *boostd.Message, done bool) {
	at := m.Coordinates()
	if !x.open[at] || x.epochs[at.TopicPartition] != m.Epoch {
		return
	}
	delete(x.open, at)
	if done {
		x.done[at.TopicPartition] = append(x.done[at.TopicPartition], at.Offset)
	} else {
		x.Fail(fmt.Errorf("%v was written, or may be, and isn't done", at))
	}
}

// Fail says that the transaction can only be aborted. The first reason stays.
func (x *Transaction) Fail(reason error) {
	if x.failed == nil {
		x.failed = reason
	}
}

// Failed is why it can only be aborted, nil if it needn't be.
func (x *Transaction) Failed() error { return x.failed }

// Written reports whether anything was.
func (x *Transaction) Written() bool { return len(x.epochs) > 0 }

// Open is how many messages are written and not settled.
func (x *Transaction) Open() int { return len(x.open) }

// sorted is what is done in the transaction of one partition, ascending; nil may be
// asked, and count too, which is how many that are.
func (x *Transaction) sorted(tp boostd.TopicPartition) []int64 {
	if x == nil {
		return nil
	}
	slices.Sort(x.done[tp])
	return x.done[tp]
}

func (x *Transaction) count(tp boostd.TopicPartition) int {
	if x == nil {
		return 0
	}
	return len(x.done[tp])
}

// Verdict says whether the transaction may be committed with these commits of the
// tracker's; the error says why it must be aborted.
func (x *Transaction) Verdict(t *Tracker, commits []Commit) error {
	if x.failed != nil {
		return x.failed
	}
	if len(x.open) > 0 {
		return fmt.Errorf("%d messages were written and have no result in time", len(x.open))
	}
	told := map[boostd.TopicPartition]bool{}
	for _, c := range commits {
		told[c.TopicPartition] = c.Metadata != ""
	}
	for tp, epoch := range x.epochs {
		p := t.find(tp)
		if p == nil || p.epoch != epoch {
			return fmt.Errorf("%v: %w", tp, ErrStale)
		}
		scattered := p.pending > 0 && p.next-p.committable() != int64(p.pending)
		if !told[tp] && (scattered || t.open.count(tp) > 0) {
			return fmt.Errorf("%v: the commit can't carry what is done beyond its offset: brokers must tell the topic's id, and take 4096 bytes of metadata", tp)
		}
	}
	return nil
}
