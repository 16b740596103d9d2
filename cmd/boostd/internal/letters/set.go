package letters

import "math/bits"

// set is offsets of one partition, a bit each. They come in runs, so that what
// isn't used costs nothing; the zero value is empty.
type set struct {
	chunks map[int64]*[chunkWords]uint64
	count  int
}

const (
	chunkWords = 64
	chunkBits  = chunkWords * 64
)

func (s *set) add(offset int64) {
	c := s.chunks[offset/chunkBits]
	if c == nil {
		if s.chunks == nil {
			s.chunks = map[int64]*[chunkWords]uint64{}
		}
		c = new([chunkWords]uint64)
		s.chunks[offset/chunkBits] = c
	}
	if word, bit := &c[offset%chunkBits/64], uint64(1)<<(offset%64); *word&bit == 0 {
		*word |= bit
		s.count++
	}
}

func (s *set) has(offset int64) bool {
	c := s.chunks[offset/chunkBits]
	return c != nil && c[offset%chunkBits/64]&(1<<(offset%64)) != 0
}

// without is how many of the set's are not in other, and the first and the last
// of them. With none they mean nothing.
func (s *set) without(other *set) (n int, first, last int64) {
	for at, c := range s.chunks {
		o := other.chunks[at]
		for w, word := range c {
			if o != nil {
				word &^= o[w]
			}
			if word == 0 {
				continue
			}
			base := at*chunkBits + int64(w)*64
			low, high := base+int64(bits.TrailingZeros64(word)), base+63-int64(bits.LeadingZeros64(word))
			if n == 0 {
				first, last = low, high
			}
			n, first, last = n+bits.OnesCount64(word), min(first, low), max(last, high)
		}
	}
	return n, first, last
}
