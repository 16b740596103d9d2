package plugins

import (
	"context"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins/wire"
)

const (
	// credit is how much work a slot has with the plugin at once, by the time that
	// messages take: what is there can't be overtaken.
	creditTime = 2 * time.Millisecond
	maxCredit  = 256
	// maxBatchBytes is when a batch is sent, whatever else would fit.
	maxBatchBytes = 1 << 20
	// maxTogetherBytes is the same for batches that are handled as one.
	maxTogetherBytes = wire.MaxFrame / 2
	// maxMessage is the largest message that a plugin is given, in bytes, with room
	// for what surrounds it in a frame.
	maxMessage = wire.MaxFrame - 1<<20
	// cancelWait is how long a plugin may take to answer what was cancelled. Then it
	// hangs, and is ended: the message may only be tried again when nobody works on it.
	cancelWait = 5 * time.Second
)

// talk is one call of Handle with one process.
type talk struct {
	host    *pluginHost
	process *process
	lane    *lane
	work    boostd.Work
	spare   []reply
	more    bool            // work may have more
	suspect *boostd.Message // was taken, and is to be handled alone
	trusted bool            // no suspects here: this is where they are handled
	// together: the plugin handles what it is given at once as one.
	together bool
}

// run works until there is nothing more to take, and all that was taken is reported.
// It returns a message that was taken and must be handled by another process, if
// there is one.
func (t *talk) run(ctx context.Context) *boostd.Message {
	t.more, t.together = true, t.host.together()
	for {
		t.fill()
		if t.lane.open() == 0 {
			return t.suspect
		}
		select {
		case <-t.lane.bell:
			t.hear(ctx)
		case <-t.process.dead:
			t.hear(ctx) // what it has answered counts
			t.crashed()
			return t.suspect
		case <-ctx.Done():
			t.giveUp(ctx)
			return t.suspect
		}
	}
}

// fill gives the plugin as much as it may have at once.
func (t *talk) fill() {
	was, bytes, most := t.lane.open(), 0, maxBatchBytes
	if t.together {
		most = maxTogetherBytes
	}
	for t.more && t.suspect == nil && t.lane.open() < t.host.credit() {
		m, ok := t.work.Next()
		if !ok {
			t.more = false
			break
		}
		switch {
		case !t.trusted && t.host.suspects.has(m):
			t.suspect = m
		case m.Size() > maxMessage:
			t.work.Report(m, dead(fmt.Sprintf("%d bytes are more than a plugin is given (%d)", m.Size(), maxMessage)))
		default:
			t.lane.add(m)
			if bytes += m.Size(); bytes >= most {
				t.flush()
				bytes = 0
			}
		}
	}
	t.flush()
	if was == 0 && t.lane.open() > 0 {
		t.process.busy.Add(1)
	}
}

// flush needn't look at the error: the stream has ended, and so will the process.
func (t *talk) flush() { _ = t.lane.flush(t.host.timeout(), t.together) }

// hear reports what has arrived.
func (t *talk) hear(ctx context.Context) {
	got := t.lane.collect(t.spare)
	t.spare = got
	known := 0
	for _, a := range got {
		m := t.lane.take(a.id)
		if m == nil {
			t.process.unasked(1)
			continue
		}
		known++
		t.work.Report(m, resultOf(ctx, a.failure))
	}
	if known == 0 {
		return
	}
	t.more = true // one of these may have been what the next waits for
	now := time.Now()
	t.host.took(now.Sub(t.lane.since), known)
	t.lane.since = now
	if t.lane.open() == 0 {
		t.process.busy.Add(-1)
	}
}

// resultOf is an answer in our words.
func resultOf(ctx context.Context, f *wire.Failure) boostd.Result {
	if f == nil {
		return done()
	}
	reason := printable([]byte(f.GetReason()), maxText)
	switch {
	case f.GetCancelled() && ctx.Err() != nil:
		return retry(whyEnded(ctx))
	case f.GetDead():
		if reason == "" {
			reason = "plugin said dead"
		}
		return dead(reason)
	case reason == "":
		reason = "plugin said retry"
	}
	r := retry(reason)
	r.After = min(time.Duration(f.GetAfterMs())*time.Millisecond, maxAfter)
	return r
}

// giveUp cancels what is open, and waits for the replies.
func (t *talk) giveUp(ctx context.Context) {
	_ = t.lane.cancel() // where that fails the process is about to end
	patience := time.NewTimer(t.host.cancelWait)
	defer patience.Stop()
	for t.lane.open() > 0 {
		select {
		case <-t.lane.bell:
			t.hear(ctx)
		case <-t.process.dead:
			t.hear(ctx)
			t.crashed()
		case <-patience.C:
			t.host.hangs(t.process, t.lane)
		}
	}
}

// crashed reports what the process had. The oldest of each slot's was being handled;
// the others had not begun.
func (t *talk) crashed() {
	d := t.process.death
	for n, m := range t.lane.abandon() {
		begun := n == 0 || t.together
		switch {
		case d.blamed == t.lane && begun:
			t.work.Report(m, retry(d.cause))
		case d.wanted || d.blamed != nil || !begun:
			t.work.Report(m, released(d.cause))
		case d.alone && (t.trusted || !t.together):
			t.work.Report(m, retry(d.cause))
		default:
			t.host.suspects.add(m, time.Now())
			t.work.Report(m, released(d.cause))
		}
	}
	t.process.busy.Add(-1)
}

// released gives a message back: its attempt doesn't count.
func released(reason string) boostd.Result {
	return boostd.Result{Outcome: boostd.Released, Reason: reason}
}
