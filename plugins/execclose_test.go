package plugins

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestCloseEndsProgramsGently(t *testing.T) {
	var log output
	h := execHandler(t, 1, log.logger(), "exec-done")
	attempt(t, t.Context(), h, boostd.Message{})
	began := time.Now()
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > closeWait/4 {
		t.Errorf("a program that ends with its input took %v", took)
	}
	if text := log.String(); strings.Contains(text, "program ended") {
		t.Errorf("an end that was asked for is in the log: %s", text)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Errorf("second close: %v", err)
	}
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Retry || r.Reason != "handler is closed" {
		t.Errorf("after close: %+v", r)
	}
}

// One program ignores its input's end and heeds SIGTERM, one ignores both; both
// have a message under way.
func TestCloseEndsProgramsThatGoOn(t *testing.T) {
	for _, c := range []struct {
		name, ready, log string
	}{{"exec-term", "line=waits", "line=terminated"}, {"exec-hang", "line=hangs", ""}} {
		t.Run(c.name, func(t *testing.T) {
			var log output
			h := execHandler(t, 1, log.logger(), c.name)
			result := make(chan boostd.Result, 1)
			go func() { result <- attempt(t, context.WithoutCancel(t.Context()), h, boostd.Message{}) }()
			eventually(t, "the program runs", func() bool { return strings.Contains(log.String(), c.ready) })
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			began := time.Now()
			if err := h.Close(ctx); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took < 150*time.Millisecond || took > 2*time.Second {
				t.Errorf("close took %v", took)
			}
			if r := <-result; r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, "program ended: ") {
				t.Errorf("result %+v", r)
			}
			if !strings.Contains(log.String(), c.log) {
				t.Errorf("no SIGTERM: log is %s", log.String())
			}
		})
	}
}

func TestCloseWithAnEndedContext(t *testing.T) {
	var log output
	h := execHandler(t, 1, log.logger(), "exec-hang")
	ended, cancel := context.WithCancel(t.Context())
	go func() {
		eventually(t, "the program runs", func() bool { return strings.Contains(log.String(), "line=hangs") })
		cancel()
	}()
	attempt(t, ended, h, boostd.Message{})
	began := time.Now()
	if err := h.Close(ended); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("close took %v", took)
	}
}

func TestCloseWakesWhoeverWaitsForAProgram(t *testing.T) {
	var log output
	h := execHandler(t, 1, log.logger(), "exec-exit", "0", "1")
	d := h.doer.(*execDoer)
	result := make(chan boostd.Result, 1)
	go func() {
		for {
			r := attempt(t, context.Background(), h, boostd.Message{})
			if !strings.HasPrefix(r.Reason, "program ended") {
				result <- r
				return
			}
		}
	}()
	eventually(t, "the program failed thrice", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.restarts.failures >= 3
	})
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if r := <-result; r.Reason != "handler is closed" && !strings.HasPrefix(r.Reason, "program ended") {
		t.Errorf("result %+v", r)
	}
}
