package sim

import (
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// bins is into how many parts the time is divided, for the plot.
const bins = 120

// tally is what became of one level, in all instances.
type tally struct {
	made, started, done, dead, held int64
	repeats                         int64 // starts of what was started before
	failures                        int64
	waits                           Waits
	// since is when the last one was started, or began to wait for it.
	since int64
	stall Stall
	// halfway is how many waited in the middle of the time, and how many had been
	// made by then.
	halfway, halfMade int64
	slowest           []time.Duration // by bin; nil while nothing was started
	told              scheduler.GroupWork
}

// waiting is how many were made and never started.
func (t *tally) waiting() int64 { return t.made - t.started }

func (t *tally) produced(n, now int64) {
	if t.waiting() == 0 {
		t.since = now
	}
	t.made += n
}

// start notes the first start of a message that was made at a time.
func (t *tally) start(made, now, end int64) {
	t.look(now)
	t.started++
	wait := time.Duration(now - made)
	t.waits.add(wait)
	if t.slowest == nil {
		t.slowest = make([]time.Duration, bins)
	}
	at := now * bins / (end + 1)
	t.slowest[at] = max(t.slowest[at], wait)
}

// look takes down how long nothing was started, although something waited.
func (t *tally) look(now int64) {
	if waits := t.waiting(); waits > 0 && time.Duration(now-t.since) > t.stall.For {
		t.stall = Stall{From: time.Duration(t.since), For: time.Duration(now - t.since), Waiting: waits}
	}
	t.since = now
}
