package scheduler

import (
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// deadRig has a pool whose dead messages become dead letters.
func deadRig(t *testing.T, slots int) *rig {
	r := newRig(t, slots, ByKey)
	r.core.pools[0].config.DeadLetters = true
	return r
}

// A dead letter lets go of its key at once, and of its message when it is safe.
func TestDeadLetterReleasesItsKey(t *testing.T) {
	r := deadRig(t, 1)
	r.fetch(0, tp0, "a:3", "a:3")
	r.want("run 0@3: 0")
	r.finish(0, dead)
	r.want("run 0@3: 1", "bury 0 after 1")
	r.finish(0, done)
	r.want("done 1")
	r.apply(r.core.Buried(r.now, r.burials[0].Item, ""))
	r.want("dead 0")
}

// One that can't be buried is held, and only it waits.
func TestRefusedDeadLetterIsHeld(t *testing.T) {
	r := deadRig(t, 1)
	r.fetch(0, tp0, "a:3")
	r.finish(0, dead)
	r.want("bury 0 after 1")
	r.apply(r.core.Buried(r.now, r.burials[0].Item, "too large"))
	r.want("held 0")
	held := r.core.HeldMessages()
	if len(held) != 1 || held[0].Reason != "; no dead letter: too large" || held[0].Handler != "p" {
		t.Fatalf("%+v", held)
	}
	if e := r.core.Unheld(r.now, 0, tp0, 0); len(r.core.HeldMessages()) != 0 || len(e.Settled) != 0 {
		t.Fatalf("%+v", r.core.HeldMessages())
	}
}

// A partition is given away, and a stop ends, when the last letter is safe.
func TestBurialsAreWaitedFor(t *testing.T) {
	r := deadRig(t, 1)
	r.fetch(0, tp0, "a:3")
	r.finish(0, dead)
	r.want("bury 0 after 1")
	r.apply(r.core.Revoking(r.now, 0, []boostd.TopicPartition{tp0}))
	r.apply(r.core.Drain(r.now))
	r.want()
	if e := r.core.Tick(r.now); e.Idle {
		t.Fatal("idle with a letter on its way")
	}
	r.apply(r.core.Buried(r.now, r.burials[0].Item, ""))
	r.want("dead 0", "drained [t/0]")
	if e := r.core.Tick(r.now); !e.Idle {
		t.Fatal("not idle")
	}
}

// What was given up, or had used up its attempts, before it came here is not tried
// again.
func TestAttemptsHoldAcrossRestarts(t *testing.T) {
	for _, c := range []struct {
		name    string
		letters bool
		attempt int
		held    bool
		want    []string
	}{
		{"an attempt is left", true, 2, false, []string{"run 0@3: 0"}},
		{"none is left", true, 3, false, []string{"bury 0 after 3"}},
		{"none is left, no dead letters", false, 3, false, []string{"held 0"}},
		{"held", true, 1, true, []string{"held 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 1, ByKey)
			r.core.pools[0].config.DeadLetters = c.letters
			r.core.pools[0].config.Retry.Attempts = 3
			r.apply(r.core.Fetched(r.now, 0, []boostd.Message{{
				Topic: tp0.Topic, Level: 3, Attempt: c.attempt, Held: c.held, FetchedAt: r.now,
			}}))
			r.want(c.want...)
			if s := r.core.Status(r.now); c.held && len(s.Pools[0].Levels) > 0 && s.Pools[0].Levels[0].Held > 0 {
				t.Error("it was held before, and is counted now")
			}
		})
	}
}

// An attempt that the daemon's own stop cancels doesn't count.
func TestInterruptedAttemptsDoNotCount(t *testing.T) {
	r := deadRig(t, 1)
	r.core.pools[0].config.Retry.Attempts = 1
	r.fetch(0, tp0, "a:3")
	r.apply(r.core.Drain(r.now))
	i := r.out[0][0]
	i.Interrupted = true
	if v := i.Verdict(); v != boostd.Released {
		t.Errorf("it is %v", v)
	}
	r.finish(0, retry)
	r.want("released 0")
	if i.failed {
		t.Error("its Source was told of a failure")
	}
}

// Its Source learns of every failed attempt, the first one apart.
func TestFailuresAreTold(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.core.pools[0].config.Retry = Retry{Attempts: 3, Backoff: time.Millisecond, MaxBackoff: time.Millisecond}
	var told []boostd.Settlement
	r.fetch(0, tp0, "a:3")
	for range 3 {
		items := r.out[0]
		for _, i := range items {
			i.StartedAt, i.FinishedAt, i.Result.Outcome = r.now, r.now.Add(time.Millisecond), boostd.Retry
		}
		e := r.core.Finished(r.now, 0, 0, items)
		for _, s := range e.Settled {
			told = append(told, s.Settlements...)
		}
		r.apply(e)
		r.wait(time.Second)
	}
	want := []boostd.Settlement{{Outcome: boostd.Retry, Attempts: 1}, {Outcome: boostd.Retry, Attempts: 2, Again: true},
		{Outcome: boostd.Retry, Attempts: 3, Again: true}, {Outcome: boostd.Held, Attempts: 3, Again: true}}
	if !slices.EqualFunc(told, want, func(a, b boostd.Settlement) bool {
		a.Message = nil
		return a == b
	}) {
		t.Errorf("told %+v", told)
	}
}

// What waits for another attempt is in a second window, until that is full too.
func TestFailedMessagesLeaveTheWindow(t *testing.T) {
	r := newRig(t, 1, Unordered)
	k := r.core.consumers[0]
	k.config.Window = Window{Messages: 2, Bytes: 1 << 20}
	for n := range 4 {
		r.fetch(0, tp0, "-:3")
		if k.full() != (n == 3) {
			t.Fatalf("after %d: full %v", n, k.full())
		}
		r.finish(0, retry)
		if k.full() != (n == 3) {
			t.Fatalf("after %d have failed: full %v", n+1, k.full())
		}
	}
}
