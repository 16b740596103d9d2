package sim

import "math"

// random is a stream of numbers that only its seed decides (SplitMix64; Steele,
// Lea and Flood, OOPSLA 2014). Whatever draws has a stream of its own, so that a
// line more in the load leaves the arrivals of the others as they were.
type random uint64

// What streams are for.
const (
	forArrivals = 1 + iota
	forInstance
	forSpread
)

func newRandom(seed, purpose, index uint64) random {
	r := random(seed)
	r = random(r.next() ^ purpose<<56 ^ index)
	r.next()
	return r
}

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// float is at least 0 and below 1.
func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// below is one of 0 to n-1; n is far below 2⁶⁴, so that the bias doesn't show.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// about is a duration around d, evenly from half of it to one and a half.
func (r *random) about(d int64) int64 { return d/2 + int64(r.float()*float64(d)) }

// exponential has the mean 1.
func (r *random) exponential() float64 { return -math.Log1p(-r.float()) }

// normal has the mean 0 and the deviation 1 (Box and Muller).
func (r *random) normal() float64 {
	return math.Sqrt(2*r.exponential()) * math.Cos(2*math.Pi*r.float())
}
