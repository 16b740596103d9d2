package offsets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestWindowAgainstOracle delivers thousands of offsets with gaps, finishes them
// in a window out of order, and forgets some for long: entries are swept again
// and again, in every state that they can be in.
func TestWindowAgainstOracle(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 9))
		window, gaps, forgotten := 1+rng.IntN(400), rng.IntN(3), rng.IntN(30)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			tr := New(Limits{})
			epoch := tr.Assign(tp0, 0)
			var pending []int64 // ascending: the oracle
			next, most := int64(0), 0
			check := func() {
				want := next
				if len(pending) > 0 {
					want = pending[0]
				}
				if got, ok := tr.Committable(tp0); !ok || got != want || tr.Pending(tp0) != len(pending) {
					t.Fatalf("committable %d, %d pending; want %d, %d", got, tr.Pending(tp0), want, len(pending))
				}
				p := tr.partitions[tp0]
				if n := len(p.entries); n > 4*max(most, 2*sweepAt) {
					t.Fatalf("%d entries for at most %d pending", n, most)
				}
			}
			finish := func(at int) {
				offset := pending[at]
				pending = slices.Delete(pending, at, at+1)
				if !tr.Done(tp0, epoch, offset) {
					t.Fatalf("%d was pending", offset)
				}
				if tr.Done(tp0, epoch, offset) {
					t.Fatalf("%d was done twice", offset)
				}
			}
			for range 6000 {
				offset := next + int64(rng.IntN(gaps+1))
				if d := tr.Deliver(tp0, offset, 0); d.Verdict != Fresh {
					t.Fatalf("%d was not delivered", offset)
				}
				pending, next = append(pending, offset), offset+1
				most = max(most, len(pending))
				for len(pending) > window {
					finish(min(rng.IntN(forgotten+1), len(pending)-1))
				}
				if rng.IntN(4) == 0 && len(pending) > 0 {
					finish(rng.IntN(len(pending)))
				}
				if rng.IntN(10) == 0 { // one that isn't pending
					if o := next - int64(rng.IntN(1000)); !slices.Contains(pending, o) && tr.Done(tp0, epoch, o) {
						t.Fatalf("%d is done, and wasn't pending", o)
					}
				}
				check()
			}
			for len(pending) > 0 {
				finish(rng.IntN(len(pending)))
				check()
			}
		})
	}
}

// TestMemoryIsBounded: what a full partition leaves behind is no more than it
// had pending, and a sweep doesn't eat up the room that it frees.
func TestMemoryIsBounded(t *testing.T) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, 0)
	deliver := func(from, to int64) {
		for o := from; o < to; o++ {
			tr.Deliver(tp0, o, 0)
		}
	}
	deliver(0, 10_000)
	if !tr.Full(tp0) {
		t.Fatal("10,000 are pending, and it isn't full")
	}
	for o := int64(9_999); o >= 0; o-- {
		tr.Done(tp0, epoch, o)
	}
	peak := cap(tr.partitions[tp0].entries)
	next := int64(10_000)
	allocs := testing.AllocsPerRun(100, func() {
		for range 10_000 {
			tr.Deliver(tp0, next, 0)
			if next%700 != 0 { // a slow one every now and then
				tr.Done(tp0, epoch, next)
			}
			if slow := next - 1500; slow%700 == 0 {
				tr.Done(tp0, epoch, slow)
			}
			next++
		}
	})
	if got := cap(tr.partitions[tp0].entries); got > peak || allocs > 0 {
		t.Errorf("room for %d entries, after a peak of %d; %v allocations", got, peak, allocs)
	}
}

func TestOffsetsThatKafkaNamesSpecially(t *testing.T) {
	for _, next := range []int64{Unknown, -2, -1000, -1001} { // beginning, stored, invalid
		tr := New(Limits{})
		tr.Assign(tp0, next)
		if p, ok := tr.Position(tp0); ok {
			t.Errorf("assigned at %d: its position is %d", next, p)
		}
		if c := tr.Commits(nil); len(c) > 0 {
			t.Errorf("assigned at %d: commits %v", next, c)
		}
		if d := tr.Deliver(tp0, next, 0); d.Verdict != Refused {
			t.Errorf("%d was delivered", next)
		}
		epoch := tr.Deliver(tp0, 7, 0).Epoch
		if c := tr.Commits(nil); len(c) > 0 {
			t.Errorf("assigned at %d, 7 is pending: commits %v", next, c)
		}
		tr.Done(tp0, epoch, 7)
		if c := tr.Commits(nil); len(c) != 1 || at(c[0]) != (Commit{TopicPartition: tp0, Epoch: epoch, Offset: 8}) {
			t.Errorf("assigned at %d, 7 is done: commits %v", next, c)
		}
	}
}

// TestCommitOfAnOldEpoch: its answer comes when the partition has been given
// away and is back.
func TestCommitOfAnOldEpoch(t *testing.T) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, 0)
	tr.Deliver(tp0, 0, 0)
	tr.Done(tp0, epoch, 0)
	old := tr.Commits(nil)
	again := tr.Assign(tp0, 0)
	tr.Deliver(tp0, 0, 0)
	tr.Committed(old[0])
	tr.Done(tp0, again, 0)
	if c := tr.Commits(nil); len(c) != 1 || at(c[0]) != (Commit{TopicPartition: tp0, Epoch: again, Offset: 1}) {
		t.Fatalf("commits %v, want offset 1 of epoch %d", c, again)
	}
	tr.Committed(Commit{TopicPartition: tp0, Epoch: again, Offset: 1})
	tr.Committed(Commit{TopicPartition: tp0, Epoch: again, Offset: 0}) // an answer that was overtaken
	if c := tr.Commits(nil); len(c) != 0 {
		t.Fatalf("commits %v, want none", c)
	}
	tr.Committed(Commit{TopicPartition: tp1, Epoch: again, Offset: 5}) // not assigned
}

// at is a commit without what only its tracker reads.
func at(c Commit) Commit {
	c.changed = 0
	return c
}
