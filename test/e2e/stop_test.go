package e2e

import (
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// drainBudget is what a stop may take when its handlers are quick.
const drainBudget = 20 * time.Second

// SIGTERM in a full backlog ends the daemon cleanly and soon; the next one
// handles the rest, and nothing twice.
func TestTerminateInABacklog(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		for _, order := range []string{"key", "partition", "none"} {
			t.Run(order, func(t *testing.T) {
				t.Parallel()
				const messages = 4000
				s := rig.New(t, c, rig.Options{Min: 10, Order: order, Handler: "sleep: {max: 4ms}, slots: 8"})
				load := s.Load(t)
				load.Fill(0, messages/2, 100)
				load.Fill(10, messages/2, 100)
				lines := rig.DoneLines{Path: s.AuditPath()}
				for stops := 1; stops <= 2; stops++ {
					p := s.Spawn(t)
					rig.Eventually(t, "a part is done", func() bool { return lines.Count() >= stops*messages/4 })
					began := time.Now()
					exits(t, p, p.Terminate(), 0)
					t.Logf("stopped within %v, after %d of %d", time.Since(began), lines.Count(), messages)
					if time.Since(began) > drainBudget {
						t.Error("the stop took longer than its budget")
					}
					if lines.Count() >= messages {
						t.Fatal("the backlog ran dry before the stop")
					}
				}
				p := s.Spawn(t)
				load.AwaitHandled()
				exits(t, p, p.Terminate(), 0)
				clean(t, load)
			})
		}
	})
}

// A second signal while a handler is stuck ends the daemon at once.
func TestSecondSignal(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, func(w http.ResponseWriter, r *http.Request, _ request) { hang(w, r) })
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1, Handler: `http: "` + svc.URL + `", timeout: 1h`, Extra: "drain: 1h"})
		s.Load(t).Fill(0, 10, 100)
		p := s.Spawn(t)
		rig.Eventually(t, "the handler has something", func() bool { return svc.count() > 0 })
		p.Signal(syscall.SIGTERM)
		rig.Eventually(t, "it is stopping", func() bool { return p.Says(`"stopping"`) })
		began := time.Now()
		p.Signal(syscall.SIGTERM)
		exits(t, p, p.Wait(rig.Patience), 70)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("ended %v after the second signal", took)
		}
		says(t, p, "again: ending at once")
		for tp, offset := range s.Committed(t) {
			if offset > 0 {
				t.Errorf("%v is committed at %d; nothing is done", tp, offset)
			}
		}
	})
}

// When the drain is over, handlers that still run are cancelled: that is a clean
// stop, and their messages come again.
func TestDrainIsOver(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		var stuck atomic.Bool
		stuck.Store(true)
		svc := serve(t, func(w http.ResponseWriter, r *http.Request, got request) {
			if stuck.Load() && got.Get("Boostd-Key") == "3" {
				hang(w, r)
			}
		})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1, Handler: `http: "` + svc.URL + `", timeout: 1h`, Extra: "drain: 500ms"})
		load := s.Load(t)
		load.Fill(0, 10, 100)
		p := s.Spawn(t)
		load.AwaitDone(9)
		began := time.Now()
		exits(t, p, p.Terminate(), 0)
		if took := time.Since(began); took < 500*time.Millisecond {
			t.Errorf("stopped after %v, before the drain was over", took)
		}
		says(t, p, "drain is over")
		for tp, offset := range s.Committed(t) {
			if offset > 2 {
				t.Errorf("%v is committed at %d, behind the message that was cancelled", tp, offset)
			}
		}
		stuck.Store(false)
		p = s.Spawn(t)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		v := load.Verdict()
		t.Log(rig.Describe(v))
		if v.Lost > 0 || v.Duplicates > 7 {
			t.Errorf("lost %d, repeated %d; want 0, and at most the 7 behind the cancelled one", v.Lost, v.Duplicates)
		}
	})
}

// A message whose retry is far off doesn't keep a stop waiting.
func TestStopDoesntWaitForARetry(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request, got request) {
			if got.Get("Boostd-Offset") == "3" {
				w.Header().Set("Retry-After", "3600")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1, Handler: `http: "` + svc.URL + `"`})
		load := s.Load(t)
		load.Fill(0, 10, 100)
		p := s.Spawn(t)
		load.AwaitDone(9)
		rig.Eventually(t, "the first attempt of the fourth", func() bool { return svc.count() == 10 })
		began := time.Now()
		exits(t, p, p.Terminate(), 0)
		if took := time.Since(began); took > drainBudget/4 {
			t.Errorf("the stop took %v", took)
		}
		if offset := s.Done(t); offset != 3 {
			t.Errorf("committed at %d, want 3: the retry isn't done", offset)
		}
	})
}
