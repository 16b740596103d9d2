package offsets

import (
	"errors"
	"math/rand/v2"
	"slices"
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

// What a commit tells while another transaction is open: all that is done, but for
// what is done in that one. A tracker that begins with it hands on exactly the rest.
func TestCommitsBesideATransaction(t *testing.T) {
	tp := boostd.TopicPartition{Topic: "t"}
	id := TopicID{1}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		tracker := New(Limits{})
		epoch := tracker.Assign(tp, 0)
		if err := tracker.Restore(tp, epoch, id, 0, ""); err != nil {
			t.Fatal(err)
		}
		ending, open := &Transaction{}, &Transaction{}
		tracker.Begin(open)
		next := int64(0)
		told := map[int64]bool{}             // done, and to be told
		untold := map[*Transaction][]int64{} // done, and not to be told yet
		pending := []int64{}
		settle := func(x *Transaction) {
			if len(pending) == 0 {
				return
			}
			n := random.IntN(min(len(pending), 1+random.IntN(20)))
			offset := pending[n]
			pending = slices.Delete(pending, n, n+1)
			m := &boostd.Message{Topic: "t", Offset: offset, Epoch: epoch}
			if x != nil {
				if err := x.Write(tracker, m); err != nil {
					t.Fatal(err)
				}
			}
			tracker.Done(tp, epoch, offset)
			if x == nil {
				told[offset] = true
				return
			}
			x.Settle(m, true)
			untold[x] = append(untold[x], offset)
		}
		for range 400 {
			switch random.IntN(6) {
			case 0, 1, 2:
				if random.IntN(8) == 0 {
					next += int64(random.IntN(3)) // a gap
				}
				tracker.Deliver(tp, next, 0)
				pending = append(pending, next)
				next++
			case 3:
				settle(open)
			case 4:
				settle(nil)
			default:
				ending, open = open, &Transaction{}
				tracker.Begin(open)
				for range random.IntN(4) {
					settle(open)
				}
				commits := tracker.Commits(nil)
				if err := ending.Verdict(tracker, commits); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if len(untold[ending]) > 0 && len(commits) == 0 {
					t.Fatalf("seed %d: nothing to commit, and %d are done", seed, len(untold[ending]))
				}
				for _, offset := range untold[ending] {
					told[offset] = true
				}
				delete(untold, ending)
				for _, c := range commits {
					tracker.Committed(c)
					restarted(t, seed, c, id, next, told, append(slices.Clone(pending), untold[open]...))
				}
			}
		}
		if len(told) == 0 {
			t.Fatalf("seed %d: nothing was told", seed)
		}
	}
}

// restarted checks which messages a new tracker hands on that begins with a commit.
func restarted(t *testing.T, seed uint64, c Commit, id TopicID, end int64, told map[int64]bool, rest []int64) {
	t.Helper()
	tracker := New(Limits{})
	epoch := tracker.Assign(c.TopicPartition, Unknown)
	if err := tracker.Restore(c.TopicPartition, epoch, id, c.Offset, c.Metadata); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	for _, offset := range rest {
		if offset < c.Offset {
			t.Fatalf("seed %d: %d isn't done and lies before %d", seed, offset, c.Offset)
		}
	}
	slices.Sort(rest)
	for offset := c.Offset; offset < end; offset++ {
		_, isRest := slices.BinarySearch(rest, offset)
		if !isRest && !told[offset] {
			continue // a gap
		}
		if d := tracker.Deliver(c.TopicPartition, offset, 0); (d.Verdict == Fresh) != isRest {
			t.Fatalf("seed %d: committed %d: %d is verdict %v, to be handled %v", seed, c.Offset, offset, d.Verdict, isRest)
		}
	}
}
