package scheduler

import (
	"sync"

	"github.com/kafkaboost/boostd"
)

// What was made for a message is used again for a later one: it would be most of what
// a busy daemon allocates. The pools are for all cores of the process, as only the
// receiver of a Settled knows when it is done with it.
var (
	spareItems       sync.Pool // of *[]*Item
	spareSettlements sync.Pool // of *[]boostd.Settlement
)

// block is how many items are allocated at once where there are none to use again. They
// stay until the last of them is settled: a window full of messages that each stayed
// behind, with a retry or a low level, from another fetch of 256 would keep 100 MB.
const block = 16

// item is an empty one; left is how many more will be asked for.
func (c *Core) item(left int) *Item {
	if len(c.spare) == 0 {
		if again, ok := spareItems.Get().(*[]*Item); ok {
			c.spare = *again
		} else {
			some := make([]Item, min(block, left))
			for n := range some {
				c.spare = append(c.spare, &some[n])
			}
		}
	}
	last := len(c.spare) - 1
	i := c.spare[last]
	c.spare = c.spare[:last]
	return i
}

// settlements has room for n.
func settlements(n int) []boostd.Settlement {
	if again, ok := spareSettlements.Get().(*[]boostd.Settlement); ok {
		return *again
	}
	return make([]boostd.Settlement, 0, n)
}

// Reuse gives back what the core made for the settled messages. Who has told the Source
// may call it, once and from any goroutine; nothing of Settlements, and no message that
// is done, may be looked at from then on. Without it the collector takes them.
func (s Settled) Reuse() {
	clear(s.Settlements)
	all := s.Settlements[:0]
	spareSettlements.Put(&all)
	if len(s.spent) == 0 {
		return
	}
	for _, i := range s.spent {
		*i = Item{}
	}
	spareItems.Put(&s.spent)
}
