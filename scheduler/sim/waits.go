package sim

import (
	"math/bits"
	"time"
)

// fine is how many buckets a doubling has: bounds are 1.6 percent apart.
const fine = 64

// Waits counts durations in buckets that are 1.6 percent wide at most, those
// below 64 ns exactly. The zero value is empty. It costs memory only for the
// doublings that occur.
type Waits struct {
	blocks [58]*[fine]uint32
	count  uint64
	max    time.Duration
}

// bucket finds the place of a duration that isn't negative.
func bucket(d time.Duration) (block, n int) {
	if d < fine {
		return 0, int(d)
	}
	block = bits.Len64(uint64(d)) - 6
	return block, int(uint64(d)>>(block-1)) - fine
}

// bound is the largest duration of a bucket.
func bound(block, n int) time.Duration {
	if block == 0 {
		return time.Duration(n)
	}
	return time.Duration((fine+n+1)<<(block-1) - 1)
}

func (w *Waits) add(d time.Duration) {
	block, n := bucket(d)
	if w.blocks[block] == nil {
		w.blocks[block] = new([fine]uint32)
	}
	w.blocks[block][n]++
	w.count++
	w.max = max(w.max, d)
}

// Count is how many there are.
func (w *Waits) Count() uint64 { return w.count }

// Max is the longest, exactly; zero without any.
func (w *Waits) Max() time.Duration { return w.max }

// Quantile is what the share q of them, 0 to 1, doesn't exceed, to 1.6 percent;
// zero without any.
func (w *Waits) Quantile(q float64) time.Duration {
	rank := uint64(q*float64(w.count) + 0.999999)
	below := uint64(0)
	for block, counts := range w.blocks {
		if counts == nil {
			continue
		}
		for n, c := range counts {
			if below += uint64(c); c > 0 && below >= rank {
				return min(bound(block, n), w.max)
			}
		}
	}
	return w.max
}

// Above is how many are longer than d, to a bucket.
func (w *Waits) Above(d time.Duration) uint64 {
	block, n := bucket(max(d, 0))
	above := uint64(0)
	for b := block; b < len(w.blocks); b++ {
		if w.blocks[b] == nil {
			continue
		}
		for at, c := range w.blocks[b] {
			if b > block || at > n {
				above += uint64(c)
			}
		}
	}
	return above
}

// Merged is the sum of both, which stay as they are.
func (w Waits) Merged(o *Waits) Waits {
	for block, counts := range o.blocks {
		if counts == nil {
			continue
		}
		sum := *counts
		if mine := w.blocks[block]; mine != nil {
			for n, c := range mine {
				sum[n] += c
			}
		}
		w.blocks[block] = &sum
	}
	w.count += o.count
	w.max = max(w.max, o.max)
	return w
}
