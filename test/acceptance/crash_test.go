//go:build acceptance

package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// Three times kill -9 in the middle of 100,000 messages: nothing is lost, and
// what is repeated stays within the bound.
func TestKillInTheMiddle(t *testing.T) {
	const messages, slots = 100_000, 64
	s := rig.New(t, kafka, rig.Options{Min: 5, Handler: "sleep: {max: 2ms}, slots: 64"})
	load := s.Load(t)
	load.Fill(0, messages/2, 100)
	load.Fill(7, messages/2, 100)
	lines := rig.DoneLines{Path: s.AuditPath()}
	bound := 0
	for n := 1; n <= 3; n++ {
		p := s.Spawn(t)
		rig.Eventually(t, "a quarter more is done", func() bool { return lines.Count() >= n*messages/4 })
		p.Kill()
		b := s.RepeatBound(t)
		t.Logf("kill %d after %d done: %d of them not committed yet", n, lines.Count(), b)
		bound += b
	}
	p := s.Spawn(t)
	load.AwaitHandled()
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	v := load.Verdict()
	t.Logf("lost %d; repeated %d, bound %d", v.Lost, v.Duplicates, bound)
	if v.Lost > 0 || v.Duplicates > bound+3*slots {
		t.Error("lost messages, or more repeated than the bound allows")
	}
}

// A second daemon of the same groups joins and leaves five times under load.
func TestSecondDaemonJoinsAndLeaves(t *testing.T) {
	s := rig.New(t, kafka, rig.Options{Min: 5, Partitions: 6, Handler: "sleep: {max: 2ms}, slots: 32"})
	load := s.Load(t)
	load.Fill(0, 400_000, 100)
	load.Fill(6, 20_000, 100)
	first := s.Spawn(t)
	ctx, cancel := context.WithCancel(t.Context())
	streamed := make(chan struct{})
	go func() { defer close(streamed); load.Stream(ctx, 10, 200, 100) }()
	for range 5 {
		second := s.Spawn(t)
		rig.Eventually(t, "the second daemon has partitions", second.Assigned)
		settle(3 * time.Second)
		if code := second.Terminate(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	cancel()
	<-streamed
	load.AwaitHandled()
	if code := first.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	v := load.Verdict()
	t.Log(rig.Describe(v))
	if v.Lost+v.Duplicates > 0 {
		t.Errorf("lost %d, repeated %d; want 0 of both", v.Lost, v.Duplicates)
	}
}

// settle lets a load run for a while: time is what is measured here.
func settle(d time.Duration) { <-time.After(d) }
