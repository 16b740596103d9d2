package actors

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd"
)

// turns makes the slots of a pool begin their batches in the order of dispatch,
// highest level first. The runtime runs what it woke last first: without turns
// a lower message that was dispatched a moment after a higher one could start
// before it. Safe from any goroutine.
type turns struct {
	waiting atomic.Int64 // batches that were dispatched and have not begun
	// levels are the same, by level: a longer list of the same counters when there
	// are more. It never gets shorter, as the core's levels don't.
	levels atomic.Pointer[[]*atomic.Int32]

	mu      sync.Mutex
	changed chan struct{} // closed when a batch begins; nil while nobody waits
}

// turnPatience is how long a batch waits for its turn; then it begins all the
// same.
const turnPatience = 20 * time.Millisecond

func newTurns(levels int) *turns {
	t := &turns{}
	t.levels.Store(&[]*atomic.Int32{})
	t.grow(levels)
	return t
}

// grow makes room for more levels. The scheduler actor's, before it dispatches
// something of them.
func (t *turns) grow(levels int) {
	all := slices.Clone(*t.levels.Load())
	more := make([]atomic.Int32, max(levels-len(all), 0))
	for n := range more {
		all = append(all, &more[n])
	}
	t.levels.Store(&all)
}

func (t *turns) dispatched(level boostd.Level) {
	(*t.levels.Load())[level].Add(1)
	t.waiting.Add(1)
}

func (t *turns) begun(level boostd.Level) {
	(*t.levels.Load())[level].Add(-1)
	t.waiting.Add(-1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// mine reports whether no higher level has a batch that is still to begin.
func (t *turns) mine(level boostd.Level) bool {
	if t.waiting.Load() == 0 {
		return true
	}
	levels := *t.levels.Load()
	for l := len(levels) - 1; l > int(level); l-- {
		if levels[l].Load() > 0 {
			return false
		}
	}
	return true
}

// await waits until a batch begins, unless the level's turn has come, but not
// for longer than d. It sleeps: 64 slots that look again and again would keep
// the one that they wait for from its processor.
func (t *turns) await(level boostd.Level, d time.Duration) {
	t.mu.Lock()
	if t.mine(level) {
		t.mu.Unlock()
		return
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	changed := t.changed
	t.mu.Unlock()
	patience := time.NewTimer(d)
	defer patience.Stop()
	select {
	case <-changed:
	case <-patience.C:
	}
}
