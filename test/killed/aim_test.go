package killed

import (
	"math/rand/v2"
	"time"
)

// aim is when to kill: around a time after the start of something, which follows
// what was found, so that most are killed as they write.
type aim struct{ around, width time.Duration }

// between aims at what happens in that time.
func between(from, to time.Duration) aim {
	return aim{(from + to) / 2, max(to-from, 4*time.Millisecond)}
}

// wait until it is time to kill.
func (a *aim) wait() { <-time.After(max(0, a.around-a.width+rand.N(2*a.width))) }

// early: nothing had happened yet; late: all had.
func (a *aim) early() { a.around += a.width / 4 }
func (a *aim) late()  { a.around -= a.width / 4 }
