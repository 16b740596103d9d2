package actors

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd"
)

// turns makes the slots of a pool begin their batches in the order of dispatch,
// highest level first. The runtime runs what it woke last first: without turns
// a lower message that was dispatched a moment after a higher one could start
// before it. Safe from any goroutine.
type turns struct {
	waiting atomic.Int64   // batches that were dispatched and have not begun
	levels  []atomic.Int32 // the same, by level
}

func newTurns(levels int) *turns { return &turns{levels: make([]atomic.Int32, levels)} }

func (t *turns) dispatched(level boostd.Level) {
	t.levels[level].Add(1)
	t.waiting.Add(1)
}

func (t *turns) begun(level boostd.Level) {
	t.levels[level].Add(-1)
	t.waiting.Add(-1)
}

// mine reports whether no higher level has a batch that is still to begin.
func (t *turns) mine(level boostd.Level) bool {
	if t.waiting.Load() == 0 {
		return true
	}
	for l := len(t.levels) - 1; l > int(level); l-- {
		if t.levels[l].Load() > 0 {
			return false
		}
	}
	return true
}

const (
	// turnPause is the time between two looks, after a first one that only lets
	// others run; turnPatience is when a batch begins all the same.
	turnPause    = 50 * time.Microsecond
	turnPatience = 20 * time.Millisecond
)

// pass lets others run for a moment.
func (t *turns) pass(first bool) {
	if first {
		runtime.Gosched()
		return
	}
	time.Sleep(turnPause)
}
