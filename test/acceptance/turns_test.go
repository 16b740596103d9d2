//go:build acceptance

package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/test/rig"
)

// Levels 0, 5 and 10 saturated, then drained in turn; while level 0 is at work
// messages of level 10 come one by one. Nothing lower goes first, no slot idles
// while something is ready, and level 10 waits as if there were nothing else.
func TestSaturatedLevelsDrainInTurn(t *testing.T) {
	for _, c := range []struct {
		name, handler string
		each, low     int // messages of levels 10 and 5, and of level 0
	}{
		{"1 ms", "sleep: {min: 1ms}, slots: 64", 200_000, 1_000_000},
		{"25-75 ms", "sleep: {min: 25ms, max: 75ms}, slots: 64", 5_000, 30_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			idle, _ := drained(t, c.handler, 0, 0)
			loaded, seen := drained(t, c.handler, c.each, c.low)
			t.Logf("level 10, one by one: p50 %v idle, %v loaded (%.2f×), p99 %v and %v", idle.p50, loaded.p50,
				float64(loaded.p50)/float64(idle.p50), idle.p99, loaded.p99)
			if float64(loaded.p50) > 1.5*float64(idle.p50) {
				t.Errorf("p50 %v, want at most 1.5 × %v", loaded.p50, idle.p50)
			}
			if seen.Inversions+seen.BlindInversions+seen.Lost+seen.Duplicates > 0 {
				t.Error("want no loss, no repeat and no inversion")
			}
		})
	}
}

// drained runs one daemon until all is handled.
func drained(t *testing.T, handler string, each, low int) (round, verdict.Verdict) {
	t.Helper()
	broker := rig.Real()
	defer func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := rig.New(t, broker, rig.Options{Min: 0, Partitions: 6, Handler: handler})
	load := s.Load(t)
	for level, n := range map[boostd.Level]int{10: each, 5: each, 0: low} {
		if n > 0 {
			load.Fill(level, n, 100)
		}
	}
	load.Send(rig.Message{Level: 10, Stamped: true})
	p := s.Spawn(t)
	lines := rig.DoneLines{Path: s.AuditPath()}
	rig.EventuallyIn(t, 5*rig.Patience, "levels 10 and 5 are done, and level 0 is at work", func() bool {
		return lines.Count() >= 1+2*each+low/20
	})
	resume := withoutCollector()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	load.Stream(ctx, 10, perSecond, 100)
	end := time.Now()
	rig.EventuallyIn(t, 5*rig.Patience, "all is handled", func() bool { return lines.Count() >= load.Ledger.Len() })
	resume()
	load.AwaitHandled()
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	records := s.Audit(t)
	if low > 0 && count(records, 0, time.Time{}, end) == low {
		t.Fatal("level 0 ran dry before the last high message")
	}
	v, stalls := load.VerdictAndStalls()
	t.Log(rig.Describe(v))
	idle, leftOut := verdict.IdleSlots(records, 64, 5*time.Millisecond, stalls)
	took := records[len(records)-1].FinishedAt.Sub(records[0].StartedAt)
	t.Logf("slots idled %d times with something ready, and %v of %v in stalls", len(idle), leftOut, took)
	for _, i := range idle {
		t.Errorf("from %v after the first start a slot idled for %v with something ready", i.From.Sub(records[0].StartedAt), i.To.Sub(i.From))
	}
	if leftOut > took/100 {
		t.Errorf("stalls leave %v of %v out, more than one percent", leftOut, took)
	}
	var r round
	r.p50, r.p99 = waits(records, begin)
	return r, v
}
