package rig

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/daemon"
)

// testWriter is a test's log as a stream. What comes after the test's end, from
// goroutines that a failed test has left, is dropped.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	defer func() { _ = recover() }() // Log panics after the test's end
	w.t.Log(string(p[:max(0, len(p)-1)]))
	return len(p), nil
}

// Start runs the daemon inside the test. It is stopped at the test's end; stop
// does so before and fails the test when the stop isn't clean.
func (s *Setup) Start(t testing.TB) (d *daemon.Daemon, stop func()) {
	t.Helper()
	var stopped atomic.Bool
	n := s.instance(stopped.Load)
	file := s.File(t)
	file.Control, file.StateDir = s.ControlOf(n), filepath.Join(s.Dir, s.StateOf(n))
	d, err := daemon.Start(t.Context(), daemon.Options{Config: file, Logger: Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			if err := d.Stop(); err != nil {
				t.Errorf("stop the daemon: %v", err)
			}
			stopped.Store(true)
		})
	}
	t.Cleanup(stop)
	return d, stop
}

// Eventually waits for a condition, which it asks for at short intervals.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	EventuallyIn(t, Patience, what, condition)
}

// EventuallyIn is Eventually with a patience of its own.
func EventuallyIn(t testing.TB, patience time.Duration, what string, condition func() bool) {
	t.Helper()
	if !await(patience, condition) {
		t.Fatalf("waited %v for: %s", patience, what)
	}
}

func await(patience time.Duration, condition func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
