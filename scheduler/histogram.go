package scheduler

import (
	"math/bits"
	"time"

	"github.com/kafkaboost/boostd"
)

// Finest is the bound of a Histogram's first bucket. Each next bound is twice
// the one before, so that a bucket is found without a search.
const Finest = 100 * time.Microsecond

// buckets reach to 210 s; what takes longer is in the last one.
const buckets = 23

// Histogram counts durations: Counts[n] are those of at most Finest·2ⁿ and more
// than half of that, the last one those above.
type Histogram struct {
	Counts [buckets]uint64
	Sum    time.Duration
}

// Add counts d; one below zero, after a clock's jump, is taken for zero.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	n := 0
	if d > 0 {
		n = bits.Len64(uint64((d - 1) / Finest))
	}
	h.Counts[min(n, buckets-1)]++
	h.Sum += d
}

// Bounds are those of all buckets but the last.
func Bounds() []time.Duration {
	bounds := make([]time.Duration, buckets-1)
	for n := range bounds {
		bounds[n] = Finest << n
	}
	return bounds
}

// waits are how long a level's messages waited for their first attempt.
type waits struct{ queue, age Histogram }

func (l *level) addWait(i *Item) {
	m := i.Message
	if m.Attempt != 1 {
		return
	}
	if l.waits == nil {
		l.waits = &waits{}
	}
	l.waits.queue.Add(i.StartedAt.Sub(m.FetchedAt))
	if !m.ProducedAt.IsZero() {
		l.waits.age.Add(i.StartedAt.Sub(m.ProducedAt))
	}
}

// age is how old a message is, counted from its fetch where nobody says when it
// was produced.
func age(m *boostd.Message, now time.Time) time.Duration {
	if m.ProducedAt.IsZero() {
		return now.Sub(m.FetchedAt)
	}
	return max(now.Sub(m.ProducedAt), 0)
}

// Since is what was counted after an earlier picture of the same histogram.
func (h Histogram) Since(earlier Histogram) Histogram {
	for n := range h.Counts {
		h.Counts[n] -= earlier.Counts[n]
	}
	h.Sum -= earlier.Sum
	return h
}

// Quantile is a duration that the part q of all is at most, 0 < q <= 1, as exactly as
// the buckets tell: between their bounds it is taken to be even. It is false when
// nothing was counted; what is above all bounds counts as the highest.
func (h Histogram) Quantile(q float64) (time.Duration, bool) {
	total := h.Total()
	if total == 0 {
		return 0, false
	}
	rank, below := q*float64(total), uint64(0)
	for n, count := range h.Counts[:buckets-1] {
		if count > 0 && float64(below+count) >= rank {
			upper, lower := Finest<<n, time.Duration(0)
			if n > 0 {
				lower = upper / 2
			}
			return lower + time.Duration(float64(upper-lower)*(rank-float64(below))/float64(count)), true
		}
		below += count
	}
	return Finest << (buckets - 2), true
}

// Total is the number of durations.
func (h Histogram) Total() uint64 {
	total := uint64(0)
	for _, n := range h.Counts {
		total += n
	}
	return total
}
