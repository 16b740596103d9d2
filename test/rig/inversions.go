package rig

import (
	"cmp"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

// Inversions counts the starts that went before the dispatch of a higher message
// of the same handler which had been ready for longer than patience. Unlike the
// verdict it knows nothing of stalls: its patience is for machines that many
// tests share, and for loads whose higher messages wait longer than that.
func Inversions(records []audit.Record, patience time.Duration) int {
	type event struct {
		at      time.Time
		record  *audit.Record
		waiting int // +1: has waited for too long, -1: no longer, 0: a start
	}
	var events []event
	for n := range records {
		r := &records[n]
		events = append(events, event{r.StartedAt, r, 0})
		if overdue := r.ReadyAt.Add(patience); overdue.Before(r.DispatchedAt) {
			events = append(events, event{overdue, r, +1}, event{r.DispatchedAt, r, -1})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.waiting, b.waiting))
	})
	type queue struct {
		handler string
		level   boostd.Level
	}
	waiting := map[queue]int{}
	found := 0
	for _, e := range events {
		if e.waiting != 0 {
			waiting[queue{e.record.Handler, e.record.Level}] += e.waiting
			continue
		}
		for q, n := range waiting {
			if n > 0 && q.handler == e.record.Handler && q.level > e.record.Level {
				found++
				break
			}
		}
	}
	return found
}
