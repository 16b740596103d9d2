package verdict

import (
	"cmp"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/audit"
)

// IdleSlots finds the times of more than patience in which a handler with so many
// slots let one idle although a message was ready. Records are those of that
// handler; a slot is busy from a batch's dispatch until its last result. What is
// ready before the first dispatch waits for the start, which is for all levels
// together, and counts from there. leftOut is how long those times were that a
// stall of the machine touches.
func IdleSlots(records []audit.Record, slots int, patience time.Duration, stalls []Interval) (idle []Interval, leftOut time.Duration) {
	type event struct {
		at          time.Time
		busy, ready int
	}
	var events []event
	for _, b := range busySlots(records) {
		events = append(events, event{b.From, 1, 0}, event{b.To, -1, 0})
	}
	begin := firstDispatch(records)
	for _, r := range records {
		if ready := later(r.ReadyAt, begin); ready.Before(r.DispatchedAt) {
			events = append(events, event{ready, 0, 1}, event{r.DispatchedAt, 0, -1})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	busy, ready := 0, 0
	var since time.Time
	for _, e := range events {
		busy, ready = busy+e.busy, ready+e.ready
		idles := busy < slots && ready > 0
		switch {
		case idles && since.IsZero():
			since = e.at
		case !idles && !since.IsZero():
			if e.at.Sub(since) > patience {
				if overlaps(stalls, since, e.at) {
					leftOut += e.at.Sub(since)
				} else {
					idle = append(idle, Interval{since, e.at})
				}
			}
			since = time.Time{}
		}
	}
	return idle, leftOut
}

// firstDispatch is zero without records.
func firstDispatch(records []audit.Record) time.Time {
	if len(records) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(records, func(a, b audit.Record) int { return a.DispatchedAt.Compare(b.DispatchedAt) }).DispatchedAt
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// busySlots are the times in which a slot had a batch.
func busySlots(records []audit.Record) (busy []Interval) {
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, func(a, b audit.Record) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), a.DispatchedAt.Compare(b.DispatchedAt), a.FinishedAt.Compare(b.FinishedAt))
	})
	for n, r := range sorted {
		if last := len(busy) - 1; n > 0 && sorted[n-1].Worker == r.Worker && !r.DispatchedAt.After(busy[last].To) {
			if r.FinishedAt.After(busy[last].To) {
				busy[last].To = r.FinishedAt
			}
			continue
		}
		busy = append(busy, Interval{r.DispatchedAt, r.FinishedAt})
	}
	return busy
}
