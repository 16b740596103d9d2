//go:build acceptance

package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/scheduler"
	"github.com/kafkaboost/boostd/test/rig"
)

// Level 10 saturated for 10 s: the levels below are paused with a reason, none of
// their messages starts; when it drains they run within 20 ms; no flapping.
func TestSaturatedHighLevelPausesTheLower(t *testing.T) {
	for _, gate := range []string{"on", "off"} {
		t.Run("gate "+gate, func(t *testing.T) { saturate(t, gate) })
	}
}

func saturate(t *testing.T, gate string) {
	s := rig.New(t, kafka, rig.Options{Min: 0, Partitions: 3, Handler: "sleep: {min: 1ms}, slots: 64", Extra: "gate: \"" + gate + "\""})
	load := s.Load(t)
	lower := []boostd.Level{0, 3, 7}
	for _, l := range lower {
		load.Fill(l, 20_000, 100)
	}
	load.Fill(10, 500_000, 100) // 64 slots do about 45,000 a second
	d, stop := s.Start(t)
	watched := watch(t, d, load, s)
	stop()
	records := s.Audit(t)
	var lastHigh, firstLow time.Time
	for _, r := range records {
		if r.Level == 10 {
			if r.StartedAt.After(lastHigh) {
				lastHigh = r.StartedAt
			}
		} else if firstLow.IsZero() || r.StartedAt.Before(firstLow) {
			firstLow = r.StartedAt
		}
	}
	v := load.Verdict()
	t.Log(rig.Describe(v))
	t.Logf("level 10 took %v; level 7 began %v after its last start; paused seen %v; pauses %v",
		lastHigh.Sub(records[0].StartedAt).Round(time.Millisecond), firstLow.Sub(lastHigh), watched.paused, watched.pauses)
	if gap := firstLow.Sub(lastHigh); gap < -2*time.Millisecond || gap > 20*time.Millisecond {
		t.Errorf("a lower level began %v after the last high start, want within 0 to 20 ms", gap)
	}
	if v.Inversions > 0 {
		t.Errorf("%d inversions", v.Inversions)
	}
	if gate == "off" {
		return
	}
	for _, l := range lower {
		if !watched.paused[l] {
			t.Errorf("level %d was never seen PAUSED for the work above", l)
		}
	}
	if watched.flaps > 0 {
		t.Errorf("%d times more than one pause or resume in two seconds", watched.flaps)
	}
}

// seen is what the status showed while the daemon ran.
type seen struct {
	paused map[boostd.Level]bool // for higher work
	pauses map[boostd.Level]uint64
	flaps  int
}

// watch looks at the status until everything is handled.
func watch(t *testing.T, d *daemon.Daemon, load *rig.Load, s *rig.Setup) seen {
	w := seen{paused: map[boostd.Level]bool{}, pauses: map[boostd.Level]uint64{}}
	lines := rig.DoneLines{Path: s.AuditPath()}
	type mark struct {
		at              time.Time
		pauses, resumes uint64
	}
	history := map[boostd.Level][]mark{}
	rig.EventuallyIn(t, 5*rig.Patience, "everything handled", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
		defer cancel()
		status, err := d.Scheduler(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range status.Consumers {
			if k.Mixed {
				continue
			}
			w.paused[k.Level] = w.paused[k.Level] || k.State == scheduler.Paused && k.Reason.Kind == scheduler.HigherWork
			w.pauses[k.Level] = k.Pauses
			h := history[k.Level]
			h = append(h, mark{status.At, k.Pauses, k.Resumes})
			for status.At.Sub(h[0].at) > 2*time.Second {
				h = h[1:]
			}
			if k.Pauses-h[0].pauses > 1 || k.Resumes-h[0].resumes > 1 {
				w.flaps++
			}
			history[k.Level] = h
		}
		return lines.Count() >= load.Ledger.Len()
	})
	return w
}
