package plugins

import "time"

// restarts decides when a program may be started. Programs that die without
// having answered anything close it for a while, longer each time; then it
// lets one start pass at a time, until one answers. It has no clock.
type restarts struct {
	failures  int // in a row
	notBefore time.Time
}

const (
	firstRestart = 100 * time.Millisecond
	lastRestart  = 5 * time.Second
)

func (r *restarts) delay() time.Duration {
	return min(firstRestart<<min(max(r.failures-1, 0), 16), lastRestart)
}

// failed notes a program that ended, or didn't start, before its first answer.
func (r *restarts) failed(now time.Time) {
	r.failures++
	r.notBefore = now.Add(r.delay())
}

// slow holds the next start back: programs work, and die too often.
func (r *restarts) slow(now time.Time, d time.Duration) {
	r.failures = max(r.failures, 1)
	r.notBefore = now.Add(d)
}

// answered notes a good answer; it reports whether that opened the way.
func (r *restarts) answered() bool {
	opened := r.failures > 0
	*r = restarts{}
	return opened
}

// start reports whether a program may be started now, and otherwise how long
// not. A start that is allowed is counted on to happen.
func (r *restarts) start(now time.Time) (wait time.Duration, ok bool) {
	if r.failures == 0 {
		return 0, true
	}
	if wait = r.notBefore.Sub(now); wait > 0 {
		return wait, false
	}
	r.notBefore = now.Add(r.delay())
	return 0, true
}
