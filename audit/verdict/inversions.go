package verdict

import (
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
	events := timeline(waits, patience)
	waiting := map[string][]map[int]bool{} // by pool and level: indices of waits
	for _, e := range events {
		w := &waits[e.wait]
		levels := waiting[w.pool]
		switch e.kind {
		case overdue:
			for int(w.level) >= len(levels) {
				levels = append(levels, nil)
			}
			if levels[w.level] == nil {
				levels[w.level] = map[int]bool{}
			}
			levels[w.level][e.wait] = true
			waiting[w.pool] = levels
		case started:
			if int(w.level) < len(levels) {
				delete(levels[w.level], e.wait)
			}
			switch passed, stalled := passedOver(waits, levels, w, stalls); {
			case passed:
				found++
			case stalled:
				leftOut++
			}
		}
	}
	return found, leftOut
}

// passedOver reports whether a higher message waits too long as w starts, and
// whether only stalls excuse it.
func passedOver(waits []wait, levels []map[int]bool, w *wait, stalls []Interval) (passed, stalled bool) {
	for at := int(w.level) + 1; at < len(levels); at++ {
		for other := range levels[at] {
			if !waits[other].start.IsZero() && !w.start.Before(waits[other].start) {
				continue // they started at the same moment
			}
			if !overlaps(stalls, waits[other].ready, w.start) {
				return true, false
			}
			stalled = true
		}
	}
	return false, stalled
}

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
		switch {
		case a.at != b.at:
			return compare(a.at, b.at)
		default:
			return int(a.kind) - int(b.kind)
		}
	})
	return events
}

func compare(a, b int64) int {
	if a < b {
		return -1
	}
	return 1
}
