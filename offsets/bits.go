package offsets

import "math/bits"

// bitWriter appends bits to bytes, the first one highest.
type bitWriter struct {
	bytes []byte
	free  int // unused bits of the last byte
}

func (w *bitWriter) bit(one bool) {
	if w.free == 0 {
		w.bytes, w.free = append(w.bytes, 0), 8
	}
	w.free--
	if one {
		w.bytes[len(w.bytes)-1] |= 1 << w.free
	}
}

// plain writes the low n bits of v.
func (w *bitWriter) plain(v uint64, n int) {
	for n--; n >= 0; n-- {
		w.bit(v>>n&1 == 1)
	}
}

// rice writes v as v>>k ones, a zero, and its low k bits (Rice, "Some practical
// universal noiseless coding techniques", JPL 1979).
func (w *bitWriter) rice(v uint64, k int) {
	for range v >> k {
		w.bit(true)
	}
	w.bit(false)
	w.plain(v, k)
}

// gamma writes v, at least 1, in 2*log2(v)+1 bits (Elias, "Universal codeword
// sets", 1975).
func (w *bitWriter) gamma(v uint64) {
	n := bits.Len64(v)
	w.plain(v, 2*n-1)
}

func riceBits(v uint64, k int) int { return int(v>>k) + 1 + k }

func gammaBits(v uint64) int { return 2*bits.Len64(v) - 1 }

// bitReader reads what bitWriter wrote. Behind the end it reads zeros, and short
// says so.
type bitReader struct {
	bytes []byte
	at    int // in bits
	short bool
}

func (r *bitReader) bit() bool {
	if r.at >= 8*len(r.bytes) {
		r.short = true
		return false
	}
	one := r.bytes[r.at/8]>>(7-r.at%8)&1 == 1
	r.at++
	return one
}

func (r *bitReader) plain(n int) (v uint64) {
	for range n {
		v <<= 1
		if r.bit() {
			v |= 1
		}
	}
	return v
}

func (r *bitReader) rice(k int) uint64 {
	high := uint64(0)
	for r.bit() {
		high++
	}
	return high<<k | r.plain(k)
}

func (r *bitReader) gamma() uint64 {
	zeros := 0
	for !r.short && !r.bit() {
		zeros++
	}
	if zeros > 63 {
		r.short = true
		return 1
	}
	return 1<<zeros | r.plain(zeros)
}
