package kafkaio

import (
	"testing"

	"github.com/kafkaboost/boostd"
)

// What comes of a message decides whether it comes again, and how: done and dead
// ones don't, also beyond one that does.
func TestWhatComesAgain(t *testing.T) {
	for _, c := range []struct {
		outcome  boostd.Outcome
		again    bool
		held     bool
		attempts int
	}{
		{boostd.Done, false, false, 0},
		{boostd.Dead, false, false, 0},
		{boostd.Released, true, false, 0},
		{boostd.Held, true, true, 3},
	} {
		t.Run(c.outcome.String(), func(t *testing.T) {
			t.Parallel()
			cluster := cluster(t, "a", 1)
			produce(t, cluster, "a", 3, []byte("v"))
			r := open(t, cluster, "a", false, wide)
			r.until(t, "first run", func() bool { return len(r.queue) == 3 })
			first, second, third := r.queue[0], r.queue[1], r.queue[2]
			r.source.Settle([]boostd.Settlement{
				{Message: first, Outcome: boostd.Done}, {Message: third, Outcome: boostd.Done},
				{Message: second, Outcome: c.outcome, Attempts: c.attempts},
			})
			r.stop(t)
			again := open(t, cluster, "a", false, wide)
			again.until(t, "second run", func() bool { return again.saw("CaughtUp") })
			again.stop(t)
			switch {
			case c.again != (len(again.queue) == 1) || len(again.queue) > 1:
				t.Fatalf("%d messages come again, want %v", len(again.queue), c.again)
			case c.again && (again.queue[0].Offset != 1 || again.queue[0].Held != c.held || again.queue[0].Attempt != c.attempts):
				t.Errorf("it comes again as %+v", again.queue[0])
			}
		})
	}
}
