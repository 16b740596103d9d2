package verdict

import (
	"sort"
	"sync"
	"time"
)

// Interval is a stretch of time.
type Interval struct{ From, To time.Time }

// The ticker that watches for stalls, and the delay from which a tick counts as
// one: where cores are shared, the machine itself may stop everybody.
const (
	stallTick  = time.Millisecond
	stallDelay = 2 * time.Millisecond
)

// StallRecorder notes when the process got no processor for longer than a tick
// may be late.
type StallRecorder struct {
	stop   chan struct{}
	tasks  sync.WaitGroup
	stalls []Interval // the goroutine's own until it has ended
}

// RecordStalls starts the recorder; Stop ends it.
func RecordStalls() *StallRecorder {
	r := &StallRecorder{stop: make(chan struct{})}
	r.tasks.Go(r.run)
	return r
}

func (r *StallRecorder) run() {
	timer := time.NewTimer(stallTick)
	defer timer.Stop()
	for last := time.Now(); ; {
		select {
		case <-r.stop:
			return
		case <-timer.C:
		}
		now := time.Now()
		if s, ok := late(last, now); ok {
			r.stalls = append(r.stalls, s)
		}
		last = now
		timer.Reset(stallTick)
	}
}

// late is the stall between two ticks, if it is one.
func late(last, now time.Time) (Interval, bool) {
	return Interval{last, now}, now.Sub(last) > stallTick+stallDelay
}

// Stop ends the recorder and returns what it saw, in order. Called once.
func (r *StallRecorder) Stop() []Interval {
	close(r.stop)
	r.tasks.Wait()
	return r.stalls
}

// overlaps reports whether one of the stalls, which are in order and apart,
// overlaps from … to; touching is not enough.
func overlaps(stalls []Interval, from, to time.Time) bool {
	at := sort.Search(len(stalls), func(n int) bool { return stalls[n].To.After(from) })
	return at < len(stalls) && stalls[at].From.Before(to)
}
