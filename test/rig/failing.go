package rig

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// CommitWindow is how long a finished message may be without a commit: an interval,
// and what a commit may take on a busy machine.
const CommitWindow = 2500 * time.Millisecond

// Failing is an HTTP service for the messages of one partition, of which every nth
// fails until Mend. It keeps an account of its own: what it has answered with 200,
// whatever becomes of the daemon.
type Failing struct {
	*httptest.Server

	mu       sync.Mutex
	mended   time.Time
	done     map[int]int // by offset: how often
	at       []time.Time
	attempts map[int]int // of those that failed
}

// ServeFailing starts one that takes a while for each message and is mended at a
// time; zero is never.
func ServeFailing(t testing.TB, nth int, takes time.Duration, mended time.Time) *Failing {
	f := &Failing{mended: mended, done: map[int]int{}, attempts: map[int]int{}}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, err := strconv.Atoi(r.Header.Get("Boostd-Offset"))
		if err != nil {
			t.Error(err)
		}
		if takes > 0 {
			<-time.After(takes)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if offset%nth == 0 && (f.mended.IsZero() || time.Now().Before(f.mended)) {
			f.attempts[offset]++
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		f.done[offset]++
		f.at = append(f.at, time.Now())
	}))
	t.Cleanup(f.Close)
	return f
}

// Mend ends the failures.
func (f *Failing) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mended = time.Now()
}

// Done is how many different messages succeeded, Repeated how many answers were
// one too many.
func (f *Failing) Done() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.done)
}

// Repeated: see Done.
func (f *Failing) Repeated() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, times := range f.done {
		n += times - 1
	}
	return n
}

// Since is how many succeeded after a moment.
func (f *Failing) Since(t time.Time) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, at := range f.at {
		if at.After(t) {
			n++
		}
	}
	return n
}

// Failed is how many messages have failed at least once.
func (f *Failing) Failed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.attempts)
}
