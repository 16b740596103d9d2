package plugins

import (
	"strings"
	"testing"
	"time"
)

func TestRestartsBackOff(t *testing.T) {
	var r restarts
	now := time.Unix(1000, 0)
	for range 3 {
		if _, ok := r.start(now); !ok {
			t.Fatal("without a failure every start passes")
		}
	}
	for i, want := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		want *= time.Millisecond
		r.failed(now)
		if wait, ok := r.start(now); ok || wait != want {
			t.Errorf("failure %d: start %v, wait %v, want %v", i+1, ok, wait, want)
		}
		now = now.Add(want)
		if _, ok := r.start(now); !ok {
			t.Errorf("failure %d: no start after %v", i+1, want)
		}
		if wait, ok := r.start(now); ok || wait != want {
			t.Errorf("failure %d: a second start beside the first: %v, wait %v", i+1, ok, wait)
		}
	}
	if !r.answered() || r.answered() {
		t.Error("only the first answer after a failure opens the way")
	}
	if _, ok := r.start(now); !ok {
		t.Error("no start after an answer")
	}
	r.failures = 1 << 40
	if got := r.delay(); got != lastRestart {
		t.Errorf("delay %v after very many failures", got)
	}
}

func TestProgramLogIsBounded(t *testing.T) {
	var log output
	l := &programLog{logger: log.logger()}
	now := time.Unix(1000, 0)
	allowed := func(at time.Time) (n int) {
		for range 1000 {
			if l.allow(at) {
				n++
			}
		}
		return n
	}
	if n := allowed(now); n != logBurst {
		t.Errorf("%d lines at once, want %d", n, logBurst)
	}
	if n := allowed(now.Add(2 * time.Second)); n != 2*logRate {
		t.Errorf("%d lines after two seconds, want %d", n, 2*logRate)
	}
	if n := allowed(now.Add(time.Hour)); n != logBurst {
		t.Errorf("%d lines after an hour, want %d", n, logBurst)
	}
	if text := log.String(); strings.Count(text, "lines=") != 2 || !strings.Contains(text, "lines=800") || !strings.Contains(text, "lines=900") {
		t.Errorf("log is %q, want the 800 and 900 lines that were left out", text)
	}
}
