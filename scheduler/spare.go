package scheduler

import "github.com/kafkaboost/boostd"

// What was made for a message is used again for a later one: it would be most of what
// a busy daemon allocates.

const (
	// block is how many items are allocated at once where there are none to use again.
	// They stay until the last of them is settled: a window full of messages that each
	// stayed behind, with a retry or a low level, from another fetch of 256 would keep
	// 100 MB.
	block = 16
	// mostSpare bounds the items that are kept, some 500 bytes each, and lists of
	// settlements: what is on its way while much is handled.
	mostSpare, mostSpareLists = 4096, 64
)

// spare is what waits to be used again.
type spare struct {
	items       []*Item
	settlements [][]boostd.Settlement
}

// item is an empty one; left is how many more will be asked for.
func (s *spare) item(left int) *Item {
	if len(s.items) == 0 {
		some := make([]Item, min(block, left))
		for n := range some {
			s.items = append(s.items, &some[n])
		}
	}
	last := len(s.items) - 1
	i := s.items[last]
	s.items = s.items[:last]
	return i
}

// list has room for n settlements.
func (s *spare) list(n int) []boostd.Settlement {
	last := len(s.settlements) - 1
	if last < 0 {
		return make([]boostd.Settlement, 0, n)
	}
	list := s.settlements[last]
	s.settlements = s.settlements[:last]
	return list
}

// Reuse takes back what the core made for settled messages, when their Source was told.
// Nothing of Settlements, and no message that is done, may be looked at from then on.
// Without it the collector takes them.
func (c *Core) Reuse(told Settled) {
	clear(told.Settlements)
	if len(c.spare.settlements) < mostSpareLists {
		c.spare.settlements = append(c.spare.settlements, told.Settlements[:0])
	}
	for _, i := range told.spent {
		*i = Item{}
		if len(c.spare.items) < mostSpare {
			c.spare.items = append(c.spare.items, i)
		}
	}
}
