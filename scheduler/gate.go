package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// State is what the gate lets a consumer do.
type State uint8

// Run: it fetches. Hold: its window is full, so its Source takes nothing until
// something is settled, but for the polls that membership needs. Paused: Kafka
// pause, which also gives the client's prefetch back.
const (
	Run State = iota
	Hold
	Paused
)

// String is the state as status and logs write it.
func (s State) String() string { return [...]string{"RUN", "HOLD", "PAUSED"}[s] }

// Reason says why a consumer is in its state.
type Reason struct {
	Kind ReasonKind
	// Work is, with HigherWork, how long the slots will need for the levels above.
	Work time.Duration
}

// ReasonKind is the kind of a Reason.
type ReasonKind uint8

// Open: nothing stops it. WindowFull: as much is here as may be. HigherWork:
// levels above have enough to do for their slots. LongHold: it could take
// nothing for longer than a pause costs. ByHand: somebody wants it so. GivenUp: it
// is about to be removed.
const (
	Open ReasonKind = iota
	WindowFull
	HigherWork
	LongHold
	ByHand
	GivenUp
)

// String is the reason in words.
func (r Reason) String() string {
	switch r.Kind {
	case WindowFull:
		return "its window is full"
	case HigherWork:
		return "levels above have work for " + r.Work.Round(100*time.Millisecond).String()
	case LongHold:
		return "its window was full for more than " + longHold.String()
	case ByHand:
		return "paused by hand"
	case GivenUp:
		return "it is given up"
	default:
		return ""
	}
}

// What the gate waits for. A pause purges the client's queue, and its resume
// fetches that again (12.6 MB for six partitions): it must pay. The dwell makes
// at most one pause and one resume in two seconds.
const (
	horizon  = 2 * time.Second
	longHold = time.Second
	dwell    = 2 * time.Second
	// refill is how long a resumed consumer may need for its first message; its
	// queue must last longer than that.
	refill = 250 * time.Millisecond
)

// gateState is the gate's memory of one consumer.
type gateState struct {
	state   State
	reason  Reason
	since   time.Time // of the state
	resumed time.Time // the last time that a pause ended
	pauses  uint64
	resumes uint64
	// spent is the time in each state before the present one.
	spent [Paused + 1]time.Duration
}

// gateInput is all that a consumer's state depends on, besides its own memory.
type gateInput struct {
	now time.Time
	// full: the window has no room; low: the queue may run dry before a resumed
	// consumer delivers.
	full, low bool
	// mixed consumers carry any level: work above doesn't concern them.
	mixed bool
	// above is how long the slots need for the work of higher levels, in the
	// brokers and here.
	above time.Duration
	// off switches pausing off, but for byHand; holding is the Source's own doing.
	off, byHand bool
}

// next is the gate: the state that follows, and when to ask again although
// nothing happened (zero: no need). It is economy, not correctness: whatever it
// says, the scheduler starts nothing lower while something higher is ready.
func (g gateState) next(in gateInput) (gateState, time.Time) {
	work := !in.mixed && in.above > horizon
	if in.byHand {
		if g.state != Paused {
			g.pauses++
		}
		return g.to(Paused, Reason{Kind: ByHand}, in.now), time.Time{}
	}
	if g.state == Paused {
		if g.reason.Kind != ByHand && work || g.reason.Kind == HigherWork {
			g.reason = Reason{HigherWork, in.above} // whatever it began with
		}
		if stays, again := g.stays(in); stays {
			return g, again
		}
		g.resumes++
		g.resumed = in.now
	}
	if !in.full {
		return g.to(Run, Reason{}, in.now), time.Time{}
	}
	g = g.to(Hold, Reason{Kind: WindowFull}, in.now)
	if in.off {
		return g, time.Time{}
	}
	earliest := g.since
	if !g.resumed.IsZero() {
		earliest = later(earliest, g.resumed.Add(dwell))
	}
	if !work {
		earliest = later(earliest, g.since.Add(longHold))
	}
	if in.now.Before(earliest) {
		return g, earliest
	}
	g.pauses++
	if work {
		return g.to(Paused, Reason{HigherWork, in.above}, in.now), time.Time{}
	}
	return g.to(Paused, Reason{Kind: LongHold}, in.now), time.Time{}
}

// stays reports whether a pause goes on. It ends when the queue is about to run
// dry, at once, or when the work that caused it has gone, after the dwell.
func (g gateState) stays(in gateInput) (stays bool, again time.Time) {
	if in.low || in.off || g.reason.Kind == ByHand {
		return false, time.Time{}
	}
	if g.reason.Kind != HigherWork || in.above >= horizon/2 {
		return true, time.Time{}
	}
	calm := g.since.Add(dwell)
	return in.now.Before(calm), calm
}

// to changes the state; its age starts anew only when it really changes.
func (g gateState) to(s State, r Reason, now time.Time) gateState {
	if g.state != s || g.since.IsZero() {
		if !g.since.IsZero() {
			g.spent[g.state] += now.Sub(g.since)
		}
		g.since = now
	}
	g.state, g.reason = s, r
	return g
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// FlowChange is a consumer's new state. Only a change to or from Paused is an
// order to its Source; Hold happens there by itself.
type FlowChange struct {
	Consumer ConsumerID
	State    State
	Reason   Reason
}

// low reports whether a slot idles for want of the consumer's messages, or could
// before a resume brings more. It is asked after dispatching: a free slot means
// that nothing is ready, whatever waits here for keys and retries.
func (c *Core) low(k *consumer) bool {
	switch {
	case k.full():
		return false
	case c.started && k.pool.idle(k):
		return true
	}
	return k.halfEmpty() && k.soonDry()
}

// idle reports whether a slot is free that could run the consumer's messages.
func (p *pool) idle(k *consumer) bool {
	return p.usable() > 0 && (k.config.Mixed || k.config.Level >= p.floor())
}

// soonDry reports whether the slots could empty the consumer's queue within the
// time that a resume takes. A queue of unknown speed is taken for a fast one.
func (k *consumer) soonDry() bool {
	l := &k.pool.levels[k.config.Level]
	if k.config.Mixed || !l.estimate.known() {
		return true // half an empty window is all that can be said of it
	}
	return float64(l.queued)*l.estimate.mean/float64(k.pool.config.Slots) < float64(refill)
}

// workAbove is how long the pool's slots need for everything of higher levels
// than the consumer's: waiting in the brokers, queued, and in flight.
func (k *consumer) workAbove() time.Duration {
	if k.config.Mixed {
		return 0
	}
	p := k.pool
	if !p.aboveKnown {
		p.sumAbove()
	}
	return p.workAbove[k.config.Level]
}

// sumAbove computes the work above each level in one pass, highest level first.
func (p *pool) sumAbove() {
	const most = float64(24 * time.Hour)
	work := 0.0
	for at := len(p.levels) - 1; at >= 0; at-- {
		l := &p.levels[at]
		p.workAbove[at] = time.Duration(min(work/float64(p.config.Slots), most))
		if p.halted.has(boostd.Level(at)) {
			continue
		}
		work += float64(l.queued+l.inFlight+l.broker) * l.estimate.mean
	}
	p.aboveKnown = true
}

// sooner is the earlier of two times, where zero stands for never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// backlog notes how many messages of the consumer wait in the brokers.
func (k *consumer) backlog(messages int64) {
	if !k.config.Mixed {
		at := &k.pool.levels[k.config.Level]
		at.broker += int(max(messages, 0)) - int(max(k.broker, 0))
		k.pool.note(k.config.Level)
	}
	k.broker = messages
}
