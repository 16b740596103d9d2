package scheduler

import (
	"container/heap"
	"time"

	"github.com/kafkaboost/boostd"
)

// Retry says how often and how soon a failed message is tried again.
type Retry struct {
	// Attempts in all, at least 1. After the last one the message is held.
	Attempts int
	// Backoff is the most that the first retry waits; it doubles with each
	// attempt up to MaxBackoff; zero doesn't wait. The wait is drawn evenly from zero to that
	// ("full jitter": Brooker, "Exponential Backoff And Jitter", AWS 2015).
	Backoff, MaxBackoff time.Duration
}

// wait is how long a message that has failed its attempt waits for the next.
// The draw is a hash of the message's place and attempt instead of a random
// number: as even, and the same in every replay.
func (r Retry) wait(m *boostd.Message, after time.Duration) time.Duration {
	ceiling := r.MaxBackoff
	if shift := m.Attempt - 1; shift < 32 && r.Backoff<<shift>>shift == r.Backoff {
		ceiling = min(r.Backoff<<shift, r.MaxBackoff)
	}
	if r.Backoff <= 0 || ceiling <= 0 {
		return after
	}
	draw := mix(uint64(m.Offset)<<20 ^ uint64(uint32(m.Partition))<<8 ^ uint64(m.Attempt))
	return max(after, time.Duration(draw%uint64(ceiling)))
}

// mix spreads the bits of x (the finaliser of SplitMix64; Steele, Lea and
// Flood, OOPSLA 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// backoff holds the items whose retry is not yet due, soonest first. They hold
// no slot; they count in their consumer's window, so that is their bound.
type backoff []*Item

func (b *backoff) add(i *Item) { heap.Push(b, i) }

// due takes the soonest item when its time has come.
func (b *backoff) due(now time.Time) *Item {
	if len(*b) == 0 || (*b)[0].ReadyAt.After(now) {
		return nil
	}
	return heap.Pop(b).(*Item)
}

// take removes the items for which drop is true and passes each to taken.
func (b *backoff) take(drop func(*Item) bool, taken func(*Item)) {
	kept := (*b)[:0]
	for _, i := range *b {
		if drop(i) {
			taken(i)
		} else {
			kept = append(kept, i)
		}
	}
	clear((*b)[len(kept):])
	*b = kept
	heap.Init(b)
}

// Len, Less, Swap, Push and Pop are container/heap's; nothing else calls them.
func (b backoff) Len() int           { return len(b) }
func (b backoff) Less(i, j int) bool { return b[i].ReadyAt.Before(b[j].ReadyAt) }
func (b backoff) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

func (b *backoff) Push(x any) { *b = append(*b, x.(*Item)) }

func (b *backoff) Pop() any {
	old := *b
	i := old[len(old)-1]
	old[len(old)-1] = nil
	*b = old[:len(old)-1]
	return i
}
