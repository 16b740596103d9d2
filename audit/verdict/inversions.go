package verdict

import (
	"cmp"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// The patience of the two definitions: a lower start counts as an inversion
// when a higher message had been ready for longer than tolerance, and as a
// blind one when a higher message had been acknowledged to its producer for
// longer than blindTolerance.
const (
	tolerance      = 5 * time.Millisecond
	blindTolerance = 50 * time.Millisecond
)

// wait is a message's stretch of waiting, and its start.
type wait struct {
	level boostd.Level
	pool  string // messages of different handlers don't compete
	ready time.Time
	start time.Time // zero: never
}

// inversions counts the starts that went before a waiting message of a higher
// level although it had been ready for longer than patience. Starts whose every
// such wait overlaps a stall, between that message's readiness and the lower
// start, are left out and counted apart.
func inversions(waits []wait, patience time.Duration, stalls []Interval) (found, leftOut int) {
	pools := map[string]queues{}
	for _, e := range timeline(waits, patience) {
		w := &waits[e.wait]
		waiting := pools[w.pool]
		if e.kind == overdue {
			if waiting == nil {
				waiting = queues{}
				pools[w.pool] = waiting
			}
			waiting[w.level] = append(waiting[w.level], w)
			continue
		}
		switch passed, stalled := waiting.passedOver(w, stalls); {
		case passed:
			found++
		case stalled:
			leftOut++
		}
	}
	return found, leftOut
}

// queues are the overdue waits of one pool by level, in the order of their
// readiness. Those that have started since are dropped when they are met.
type queues map[boostd.Level][]*wait

// passedOver reports whether a higher message waits too long as w starts, and
// whether only stalls excuse it. Of each level the one that became ready last
// decides: a stall that excuses it excuses all before it.
func (q queues) passedOver(w *wait, stalls []Interval) (passed, stalled bool) {
	for level, waiting := range q {
		if level <= w.level {
			continue
		}
		for len(waiting) > 0 && waiting[len(waiting)-1].startedBy(w.start) {
			waiting = waiting[:len(waiting)-1]
		}
		q[level] = waiting
		if len(waiting) == 0 {
			continue
		}
		if !overlaps(stalls, waiting[len(waiting)-1].ready, w.start) {
			return true, false
		}
		stalled = true
	}
	return false, stalled
}

func (w *wait) startedBy(t time.Time) bool { return !w.start.IsZero() && !w.start.After(t) }

type eventKind uint8

const (
	started eventKind = iota // before overdue at the same moment: the limits are exclusive
	overdue
)

type event struct {
	at   int64
	kind eventKind
	wait int
}

func timeline(waits []wait, patience time.Duration) []event {
	events := make([]event, 0, 2*len(waits))
	for n, w := range waits {
		late := w.ready.Add(patience)
		if w.start.IsZero() || late.Before(w.start) {
			events = append(events, event{late.UnixNano(), overdue, n})
		}
		if !w.start.IsZero() {
			events = append(events, event{w.start.UnixNano(), started, n})
		}
	}
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind))
	})
	return events
}
