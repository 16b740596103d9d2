package plugins

import (
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// TestExecSlotsChange: with more slots more programs run, and with fewer those that
// are too many end, without a word, and the others go on.
func TestExecSlotsChange(t *testing.T) {
	h := execHandler(t, 1, nil, "exec-pid")
	d := h.doer.(*execDoer)
	all := func() (running, leaving int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.running, d.leaving
	}
	for _, slots := range []int{1, 6, 2, 5, 1} {
		h.Reconfigure(Config{Slots: slots})
		var calls sync.WaitGroup
		for range slots {
			calls.Go(func() {
				for range 20 {
					if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Retry {
						t.Errorf("with %d slots: %+v", slots, r)
					}
				}
			})
		}
		calls.Wait()
		for limit := time.Now().Add(10 * time.Second); ; {
			if n, leaving := all(); n <= slots && leaving == 0 {
				break
			}
			if time.Now().After(limit) {
				n, leaving := all()
				t.Fatalf("%d programs for %d slots, %d about to end", n, slots, leaving)
			}
		}
		d.mu.Lock()
		if d.restarts.failures > 0 || d.lastEnd != "" {
			t.Errorf("the end of what was too much counts as a failure: %q", d.lastEnd)
		}
		d.mu.Unlock()
	}
}

// TestRetryChanges: what a handler says is judged by the words in force.
func TestRetryChanges(t *testing.T) {
	h := execHandler(t, 1, nil, "exec-pid") // it answers retry, with a number
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Retry {
		t.Fatalf("%+v", r)
	}
	c := Config{Slots: 1}
	c.Retry.Final = []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}
	h.Reconfigure(c)
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Dead {
		t.Errorf("%+v, want no other attempt", r)
	}
}
