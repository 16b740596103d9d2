package offsets

import (
	"errors"
	"testing"

	"github.com/kafkaboost/boostd"
)

// Each step is one call; the verdict is asked for at the end.
func TestTransaction(t *testing.T) {
	tp := boostd.TopicPartition{Topic: "t", Partition: 1}
	id := TopicID{1}
	type step func(*Tracker, *Transaction)
	message := func(t *Tracker, offset int64) *boostd.Message {
		epoch, _ := t.Epoch(tp)
		return &boostd.Message{Topic: tp.Topic, Partition: tp.Partition, Offset: offset, Epoch: epoch}
	}
	write := func(offset int64) step {
		return func(t *Tracker, x *Transaction) { _ = x.Write(t, message(t, offset)) }
	}
	done := func(offset int64) step {
		return func(t *Tracker, x *Transaction) {
			m := message(t, offset)
			t.Done(tp, m.Epoch, offset)
			x.Settle(m, true)
		}
	}
	failed := func(offset int64) step {
		return func(t *Tracker, x *Transaction) { x.Settle(message(t, offset), false) }
	}
	anew := func(t *Tracker, _ *Transaction) { t.Assign(tp, 0) }
	nameless := func(t *Tracker, _ *Transaction) { t.find(tp).topic = TopicID{} }
	for name, c := range map[string]struct {
		steps  []step
		commit bool
	}{
		"nothing written":                       {nil, true},
		"all done":                              {[]step{write(0), write(1), done(0), done(1)}, true},
		"one without a result":                  {[]step{write(0), write(1), done(1)}, false},
		"one failed":                            {[]step{write(0), write(1), done(0), failed(1)}, false},
		"failed without being written":          {[]step{write(0), done(0), failed(1)}, true},
		"written twice":                         {[]step{write(0), write(0), done(0)}, false},
		"not written after all":                 {[]step{write(0), func(t *Tracker, x *Transaction) { x.Unwrite(message(t, 0)) }}, true},
		"out of order, with a map":              {[]step{write(1), done(1)}, true},
		"out of order, and the topic has no id": {[]step{nameless, write(1), done(1)}, false},
		"in order, and the topic has no id":     {[]step{nameless, write(0), done(0)}, true},
		"given away and taken again":            {[]step{write(0), done(0), anew}, false},
		"given away, written again":             {[]step{write(0), done(0), anew, write(0), done(0)}, false},
		"told so":                               {[]step{write(0), done(0), func(_ *Tracker, x *Transaction) { x.Fail(errors.New("no")) }}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tracker, x := New(Limits{}), &Transaction{}
			epoch := tracker.Assign(tp, 0)
			if err := tracker.Restore(tp, epoch, id, 0, ""); err != nil {
				t.Fatal(err)
			}
			for offset := range int64(4) {
				tracker.Deliver(tp, offset, 0)
			}
			for _, s := range c.steps {
				s(tracker, x)
			}
			if err := x.Verdict(tracker, tracker.Commits(nil)); (err == nil) != c.commit {
				t.Errorf("verdict: %v, want commit %v", err, c.commit)
			}
		})
	}
}

// A result of an old epoch says nothing of the message that has the place now.
func TestTransactionRefusesStale(t *testing.T) {
	tp := boostd.TopicPartition{Topic: "t"}
	tracker, x := New(Limits{}), &Transaction{}
	old := tracker.Assign(tp, 0)
	now := tracker.Assign(tp, 0)
	m := &boostd.Message{Topic: "t", Epoch: old}
	if err := x.Write(tracker, m); !errors.Is(err, ErrStale) {
		t.Errorf("a stale message: %v, want %v", err, ErrStale)
	}
	if x.Written() {
		t.Error("counts as written")
	}
	fresh := &boostd.Message{Topic: "t", Epoch: now}
	if err := x.Write(tracker, fresh); err != nil {
		t.Fatal(err)
	}
	x.Settle(m, true)
	if x.Open() != 1 {
		t.Errorf("open: %d, want 1", x.Open())
	}
}
