package demo

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// window is the time that a rate is taken over.
const window = time.Second

// counts is a number for each level.
type counts [maxLevel + 1]int

// rates turns counts that only grow into rates over about the last second. The
// zero value is ready.
type rates struct{ samples []sample }

type sample struct {
	at    time.Time
	count counts
}

// add notes the counts at a time that is not before the last one's.
func (r *rates) add(now time.Time, count counts) {
	r.samples = append(r.samples, sample{now, count})
	old := 0
	for old+1 < len(r.samples) && !r.samples[old+1].at.After(now.Add(-window)) {
		old++ // the youngest that is at least a window old stays
	}
	r.samples = append(r.samples[:0], r.samples[old:]...)
}

// rate is a level's messages a second; 0 until there are two samples.
func (r *rates) rate(level boostd.Level) float64 {
	if len(r.samples) < 2 {
		return 0
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	span := last.at.Sub(first.at).Seconds()
	if span <= 0 {
		return 0
	}
	return float64(last.count[level]-first.count[level]) / span
}
