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
// others. The recorders of a process share their threads: what each costs, the
// process would pay many times over.
type StallRecorder struct {
	// since is how many stalls had been seen before it began.
	since int
	seen  []Interval
	ended bool
}

// watched is what all recorders look at. Its goroutines run while there is one.
var watched struct {
	mu        sync.Mutex
	recorders int
	stop      chan struct{}
	stalls    []Interval
}

// RecordStalls starts a recorder; Stop ends it. Any goroutine may call both.
func RecordStalls() *StallRecorder {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	watched.recorders++
	if watched.recorders == 1 {
		watched.stop, watched.stalls = make(chan struct{}), nil
		for _, p := range usable() {
			go watch(p, watched.stop)
		}
	}
	return &StallRecorder{since: len(watched.stalls)}
}

// Stop ends the recorder and returns what it saw, in order and apart: a time at
// which several processors stalled is one. A second call returns the same.
func (r *StallRecorder) Stop() []Interval {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	if r.ended {
		return r.seen
	}
	r.ended, r.seen = true, union(slices.Clone(watched.stalls[r.since:]))
	watched.recorders--
	if watched.recorders == 0 {
		close(watched.stop)
	}
	return r.seen
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
func watch(processor int, stop <-chan struct{}) {
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(processor)
	_ = unix.SchedSetaffinity(0, &set)
	timer := time.NewTimer(stallTick)
	defer timer.Stop()
	for last := time.Now(); ; {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		now := time.Now()
		if s, ok := late(last, now); ok {
			note(stop, s)
		}
		last = now
		timer.Reset(stallTick)
	}
}

// late is the stall between two ticks, if it is one.
func late(last, now time.Time) (Interval, bool) {
	return Interval{last, now}, now.Sub(last) > stallTick+stallDelay
}

// note keeps a stall, unless its watch is over and another may have begun.
func note(stop <-chan struct{}, stall Interval) {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	select {
	case <-stop:
	default:
		watched.stalls = append(watched.stalls, stall)
	}
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
