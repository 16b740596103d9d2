package verdict

import (
	"runtime"
	"slices"
	"sort"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Interval is a stretch of time.
type Interval struct{ From, To time.Time }

// The ticker that watches for stalls, and the delay from which a tick counts as
// one: where cores are shared, the machine itself may stop everybody.
const (
	stallTick  = time.Millisecond
	stallDelay = 2 * time.Millisecond
)

// StallRecorder notes when a processor let its thread wait for longer than a tick
// may be late. It watches each processor that the process may use: a shared
// machine takes them away one by one, and who waits for one sees nothing of the
// others.
type StallRecorder struct {
	stop  chan struct{}
	tasks sync.WaitGroup
	// stalls are those of each processor, its goroutine's own until it has ended.
	stalls [][]Interval
}

// RecordStalls starts the recorder; Stop ends it.
func RecordStalls() *StallRecorder {
	processors := usable()
	r := &StallRecorder{stop: make(chan struct{}), stalls: make([][]Interval, len(processors))}
	for n, p := range processors {
		r.tasks.Go(func() { r.watch(p, &r.stalls[n]) })
	}
	return r
}

// usable are the processors that this process may use.
func usable() (processors []int) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return []int{0}
	}
	for n := 0; len(processors) < set.Count(); n++ {
		if set.IsSet(n) {
			processors = append(processors, n)
		}
	}
	return processors
}

// watch ticks on one processor. Its thread is bound to that and ends with it. If
// it may not be bound, it ticks where it is put.
func (r *StallRecorder) watch(processor int, stalls *[]Interval) {
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(processor)
	_ = unix.SchedSetaffinity(0, &set)
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
			*stalls = append(*stalls, s)
		}
		last = now
		timer.Reset(stallTick)
	}
}

// late is the stall between two ticks, if it is one.
func late(last, now time.Time) (Interval, bool) {
	return Interval{last, now}, now.Sub(last) > stallTick+stallDelay
}

// Stop ends the recorder and returns what it saw, in order and apart: a time at
// which several processors stalled is one. Called once.
func (r *StallRecorder) Stop() []Interval {
	close(r.stop)
	r.tasks.Wait()
	return union(slices.Concat(r.stalls...))
}

// union makes one interval of those that touch, and sorts them.
func union(all []Interval) (apart []Interval) {
	slices.SortFunc(all, func(a, b Interval) int { return a.From.Compare(b.From) })
	for _, i := range all {
		if last := len(apart) - 1; last >= 0 && !i.From.After(apart[last].To) {
			if i.To.After(apart[last].To) {
				apart[last].To = i.To
			}
			continue
		}
		apart = append(apart, i)
	}
	return apart
}

// overlaps reports whether one of the stalls, which are in order and apart,
// overlaps from … to; touching is not enough.
func overlaps(stalls []Interval, from, to time.Time) bool {
	at := sort.Search(len(stalls), func(n int) bool { return stalls[n].To.After(from) })
	return at < len(stalls) && stalls[at].From.Before(to)
}
