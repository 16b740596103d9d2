//go:build acceptance

package acceptance

import (
	"context"
	"os"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/test/rig"
)

const (
	rounds    = 5
	backlog   = 2_000_000
	streaming = 20 * time.Second
	perSecond = 20
)

// round is one run: the waits of the high messages, and how many low ones were
// started in the same time.
type round struct {
	p50, p99 time.Duration
	low      int
}

// High messages under a backlog of low ones, against the same without the
// backlog, and the low work against the same without high messages.
func TestHighLatencyUnderLowBacklog(t *testing.T) {
	var idle, loaded, plain []round
	for n := range rounds {
		idle = append(idle, measure(t, 0, true))
		loaded = append(loaded, measure(t, backlog, true))
		plain = append(plain, measure(t, backlog, false))
		t.Logf("round %d: idle p50 %v p99 %v; loaded p50 %v p99 %v, %d low/s; without high %d low/s", n+1,
			idle[n].p50, idle[n].p99, loaded[n].p50, loaded[n].p99, perSec(loaded[n].low), perSec(plain[n].low))
	}
	floor50, floor99 := median(idle, p50), median(idle, p99)
	got50, got99 := median(loaded, p50), median(loaded, p99)
	with, without := median(loaded, low), median(plain, low)
	t.Logf("medians: p50 %v → %v (%.2f×), p99 %v → %v, low work %d → %d (%.1f %%)", floor50, got50,
		float64(got50)/float64(floor50), floor99, got99, without, with, 100*float64(with)/float64(without))
	if float64(got50) > 1.6*float64(floor50) {
		t.Errorf("p50 %v, want at most 1.6 × %v", got50, floor50)
	}
	if got99 > 2*floor99+3*time.Millisecond {
		t.Errorf("p99 %v, want at most 2 × %v + 3 ms", got99, floor99)
	}
	if float64(with) < 0.95*float64(without) {
		t.Errorf("%d low messages, want at least 95 %% of %d", with, without)
	}
}

func perSec(n int) int { return int(float64(n) / streaming.Seconds()) }

func p50(r round) time.Duration { return r.p50 }
func p99(r round) time.Duration { return r.p99 }
func low(r round) int           { return r.low }

func median[T int | time.Duration](rounds []round, of func(round) T) T {
	var all []T
	for _, r := range rounds {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// measure runs the daemon as a process of its own, on a broker of its own: one
// that keeps the topics of earlier runs is slower with each.
func measure(t *testing.T, backlog int, high bool) (r round) {
	broker := rig.Real()
	defer func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := rig.New(t, broker, rig.Options{Min: 0, Partitions: 6, Handler: "sleep: {min: 1ms}, slots: 64"})
	load := s.Load(t)
	if backlog > 0 {
		load.Fill(0, backlog, 100)
	}
	p := s.Spawn(t)
	defer func() {
		if code := p.Terminate(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}()
	warmUp(t, s, load, backlog > 0)
	defer quiet(load)()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), streaming)
	defer cancel()
	if high {
		load.Stream(ctx, 10, perSecond, 100)
	} else {
		<-ctx.Done()
	}
	end := time.Now()
	records := s.Audit(t)
	_ = os.Remove(s.AuditPath()) // several hundred MB that the kernel would write back under the next run
	if backlog > 0 && count(records, 0, time.Time{}, end) == backlog {
		t.Fatal("level 0 ran dry before the last high message")
	}
	r.low = count(records, 0, begin, end)
	if high {
		r.p50, r.p99 = waits(records, begin)
	}
	return r
}

// warmUp waits until the daemon works, and has worked for some seconds.
func warmUp(t *testing.T, s *rig.Setup, load *rig.Load, backlog bool) {
	lines := rig.DoneLines{Path: s.AuditPath()}
	enough := 100_000
	if !backlog {
		enough = 1
		load.Send(rig.Message{Level: 10, Stamped: true})
	}
	rig.Eventually(t, "the daemon is at work", func() bool { return lines.Count() >= enough })
}

// quiet lets go of the ledger, and keeps the collector away.
func quiet(load *rig.Load) (end func()) {
	load.Ledger.Reset()
	return withoutCollector()
}

// withoutCollector keeps this process's own collector, which has millions of the
// ledger's entries to look at, out of the measurement.
func withoutCollector() (end func()) {
	debug.FreeOSMemory()
	before := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(before) }
}

func count(records []audit.Record, level int, from, to time.Time) (n int) {
	for _, r := range records {
		if int(r.Level) == level && r.StartedAt.After(from) && r.StartedAt.Before(to) {
			n++
		}
	}
	return n
}

// waits are produce → handler start of the high messages since from.
func waits(records []audit.Record, from time.Time) (p50, p99 time.Duration) {
	var all []time.Duration
	for _, r := range records {
		if r.Level == 10 && r.ProducedAt.After(from) {
			all = append(all, r.StartedAt.Sub(r.ProducedAt))
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0, 0
	}
	return all[len(all)/2], all[len(all)*99/100]
}
