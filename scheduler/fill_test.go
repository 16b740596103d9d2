package scheduler

import (
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func newBatchRig(t testing.TB, slots int, order Order, b Batch) *rig {
	r := newRig(t, slots, order)
	r.core.pools[0].setBatch(b)
	return r
}

func TestBatchIsValidated(t *testing.T) {
	for want, b := range map[string]Batch{
		"batch.max: -1: want 1 to 1000":                  {Max: -1},
		"batch.max: 1001: want 1 to 1000":                {Max: 1001},
		"batch.wait: -1ns is below zero":                 {Max: 2, Wait: -1},
		"batch.wait: 1s: want batch.max above 1 too: a ": {Max: 1, Wait: time.Second},
		"batch.wait: 2s: want batch.max above 1 too: a ": {Wait: 2 * time.Second},
		"": {Max: 1000, Wait: time.Minute},
	} {
		config := rigPool
		config.Batch = b
		_, err := New(Config{}).AddPool(config)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", b, err, want)
		}
	}
}

// Without a wait a slot takes what is ready, whatever the messages' time; nothing of
// it is recalled, and what is left goes to the next slot.
func TestBatchTakesWhatIsReady(t *testing.T) {
	r := newBatchRig(t, 3, Unordered, Batch{Max: 4})
	r.warm(1, time.Second)
	r.fetch(0, tp0, "-:1", "-:1", "-:1", "-:1", "-:1", "-:1")
	r.want("run 0@1: 0 1 2 3", "run 1@1: 4 5")
	r.now = r.now.Add(time.Minute)
	r.apply(r.core.Tick(r.now))
	r.want()
	r.fetch(0, tp0, "-:0")
	r.want("run 2@0: 6")
}

// A whole batch of 10 that takes a second is ten messages a second: the gate counts
// with that. So do messages that a handler takes one by one.
func TestTimeOfAMessageInABatch(t *testing.T) {
	for _, together := range []bool{true, false} {
		r := newBatchRig(t, 1, Unordered, Batch{Max: 10})
		r.fetch(0, tp0, strings.Fields(strings.Repeat("-:1 ", 10))...)
		items := r.out[0]
		for n, i := range items {
			i.StartedAt, i.FinishedAt, i.Result.Outcome = r.now, r.now.Add(time.Second), done
			if !together {
				i.StartedAt = r.now.Add(time.Duration(n) * time.Second / 10)
				i.FinishedAt = i.StartedAt.Add(time.Second / 10)
			}
		}
		r.apply(r.core.Finished(r.now.Add(time.Second), 0, 0, items))
		if got := time.Duration(r.core.pools[0].levels[1].estimate.mean); got != time.Second/10 {
			t.Errorf("together %v: a message takes %v, want 100ms", together, got)
		}
	}
}

// A level that may not have a slot doesn't end the wait of those that may.
func TestReservedSlotsWaitForTheirOwn(t *testing.T) {
	r := newBatchRig(t, 2, Unordered, Batch{Max: 2, Wait: 10 * time.Millisecond})
	r.policy(Policy{Reserve: []Reserve{{8, 1}}})
	r.fetch(0, tp0, "-:1", "-:1", "-:1", "-:1")
	r.want("run 0@1: 0 1")
	r.wait(5 * time.Millisecond)
	r.fetch(0, tp0, "-:8")
	r.want()
	r.wait(9 * time.Millisecond)
	r.want()
	r.wait(time.Millisecond)
	r.want("run 1@8: 4")
}

// A message that is overdue waits for no others.
func TestOverdueEndsTheWait(t *testing.T) {
	r := newBatchRig(t, 1, Unordered, Batch{Max: 5, Wait: time.Minute})
	r.policy(Policy{MaxWait: time.Second})
	r.fetch(0, tp0, "-:1")
	r.wait(500 * time.Millisecond)
	r.fetch(0, tp0, "-:9")
	r.wait(499 * time.Millisecond)
	r.want()
	r.wait(time.Millisecond)
	r.want("run 0@1: 0")
	r.finish(0, done)
	r.want("done 0")
}

// Nothing is preempted for a batch that would wait; then a slot for each batch is.
func TestPreemptionForBatches(t *testing.T) {
	r := newBatchRig(t, 3, Unordered, Batch{Max: 2, Wait: 100 * time.Millisecond})
	r.core.pools[0].config.Preemptible = true
	r.fetch(0, tp0, "-:1", "-:1", "-:1", "-:1", "-:1", "-:1")
	r.want("run 0@1: 0 1", "run 1@1: 2 3", "run 2@1: 4 5")
	r.wait(50 * time.Millisecond)
	r.fetch(0, tp0, "-:9")
	r.want()
	r.fetch(0, tp0, "-:9", "-:9")
	r.want("preempt 0", "preempt 1")
	r.wait(200 * time.Millisecond)
	r.want()
	for n, i := range r.out[0] {
		i.StartedAt, i.FinishedAt, i.Result.Outcome = r.now, r.now, retry
		i.Preempted = n == 0
	}
	r.out[0][1].Result.Outcome = done
	r.apply(r.core.Finished(r.now, 0, 0, r.out[0]))
	r.want("run 0@9: 6 7", "done 1")
}

// A level that was paused by hand begins to wait when it goes on.
func TestPausedLevelFillsFromItsResume(t *testing.T) {
	r := newBatchRig(t, 1, ByKey, Batch{Max: 2, Wait: 10 * time.Millisecond})
	r.fetch(0, tp0, "a:1", "-:3")
	r.pause(1, 0)
	r.pause(3, 0)
	r.wait(time.Second)
	r.want()
	r.resume(1)
	r.want()
	r.wait(5 * time.Millisecond)
	r.resume(3)
	r.wait(5 * time.Millisecond)
	r.want("run 0@3: 1") // as level 1 is due
	r.finish(0, done)
	r.want("run 0@1: 0", "done 1")
}

// Messages of a key that is ready fill its batch while they wait for it; those of a key
// that is taken don't.
func TestKeysFillBatches(t *testing.T) {
	r := newBatchRig(t, 2, ByPartition, Batch{Max: 3, Wait: time.Minute})
	r.fetch(0, tp0, "-:1", "-:1")
	r.want()
	r.fetch(0, tp0, "-:1", "-:1", "-:1", "-:1", "-:1", "-:1")
	r.want("run 0@1: 0 1 2")
	r.fetch(0, tp1, "-:1")
	r.want()
	r.fetch(0, tp1, "-:1", "-:1", "-:1")
	r.want("run 1@1: 0 1 2")
	r.finish(0, done, done, 0) // it gave the last one back
	r.want("run 0@1: 2 3 4", "done 0", "done 1")
}

func TestVoid(t *testing.T) {
	r := newBatchRig(t, 1, ByKey, Batch{Max: 7})
	r.fetch(0, tp0, "a:1", "a:1", "a:1", "b:1", "-:1", "-:1", "c:1")
	items := r.out[0]
	for n, o := range []boostd.Outcome{boostd.Dead, retry, done, done, retry, done} {
		items[n].StartedAt, items[n].FinishedAt, items[n].Result.Outcome = r.now, r.now, o
	}
	Void(items)
	got := make([]boostd.Outcome, len(items))
	for n, i := range items {
		if got[n] = i.Verdict(); i.Void != (n == 2) {
			t.Errorf("message %d: void %v", n, i.Void)
		}
	}
	r.apply(r.core.Finished(r.now, 0, 0, items))
	r.want("run 0@1: 6", "held 0", "done 3", "done 5")
}
