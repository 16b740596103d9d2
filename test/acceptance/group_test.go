//go:build acceptance

package acceptance

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// Of two instances of one group the first has the only partition of level 10. From 3 s
// after it gets 20 s of work until that ends, the other one starts nothing of level 0;
// 3 s later it has gone on.
func TestTheWholeGroupsWorkGoesFirst(t *testing.T) {
	const limit, backlog = 3 * time.Second, 160 // of 250 ms each, for two slots
	p := rig.StartPair(t, kafka, 250*time.Millisecond)
	for round := range 3 {
		appeared := p.Send10("", backlog)
		ended := p.Await10((round + 1) * backlog)
		rig.Eventually(t, "it goes on", func() bool { return p.Since(p.Low, 0, ended) > 0 })
		stopped, goesOn := time.Duration(0), limit+1
		for _, s := range p.Starts(p.Low, 0) {
			if s.At.After(appeared) && s.At.Before(ended) {
				stopped = max(stopped, s.At.Sub(appeared))
			} else if s.At.After(ended) {
				goesOn = min(goesOn, s.At.Sub(ended))
			}
		}
		t.Logf("%v of work at level 10: the other instance started its last of level 0 after %v, and the next %v after the end", ended.Sub(appeared), stopped, goesOn)
		if stopped > limit || goesOn > limit {
			t.Errorf("want at most %v for both", limit)
		}
		settle(limit) // what has waited is handled
	}
	for _, process := range p.Processes {
		if code := process.Terminate(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
}

// Idle, 11 levels: what it costs to ask for ten groups every second.
func TestIdleCPUOfAskingForGroups(t *testing.T) {
	s := rig.New(t, kafka, rig.Options{Min: 0, Partitions: 6, Handler: "noop: {}, slots: 64"})
	load := s.Load(t)
	var alone, asking []float64
	var memory []int
	for range 3 {
		for _, scope := range []string{"instance", "group"} {
			p := s.Spawn(t, "--set", "gate.scope="+scope)
			load.Send(rig.Message{Level: 10})
			load.AwaitHandled()
			settle(2 * time.Second)
			percent := p.CPUPercent(20 * time.Second)
			if scope == "group" {
				known := 0
				for _, g := range s.Status(t).Handlers[0].Group {
					if g.Outstanding != nil && *g.Outstanding == 0 {
						known++
					}
				}
				if known != 10 {
					t.Errorf("%d levels' groups are known to have nothing to do, want 10", known)
				}
				asking, memory = append(asking, percent), append(memory, p.PeakMiB())
			} else {
				alone = append(alone, percent)
			}
			if code := p.Terminate(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		}
	}
	t.Logf("idle CPU, %% of a core: scope instance %.2f, scope group %.2f; at most %v MiB resident", alone, asking, memory)
	if a, b := middle(alone), middle(asking); b > a+2 {
		t.Errorf("asking takes %.2f %% of a core, want at most 2", b-a)
	}
}
