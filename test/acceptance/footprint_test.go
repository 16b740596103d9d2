//go:build acceptance

package acceptance

import (
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// 11 levels with 100,000 messages waiting each: the resident memory at its
// highest, from the start until all is done.
func TestResidentMemory(t *testing.T) {
	for _, c := range []struct{ size, limit int }{{1000, 250}, {100, 150}} {
		t.Run(fmt.Sprintf("%d bytes", c.size), func(t *testing.T) {
			s := rig.New(t, kafka, rig.Options{Min: 0, Partitions: 6, Handler: "noop: {}, slots: 64"})
			load := s.Load(t)
			for l := range boostd.Level(11) {
				load.Fill(l, 100_000, c.size)
			}
			begin := time.Now()
			p := s.Spawn(t)
			load.AwaitHandled()
			took := time.Since(begin)
			peak := p.PeakMiB()
			if code := p.Terminate(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			t.Logf("11 levels × 100,000 messages of %d bytes: at most %d MiB resident; all done after %v", c.size, peak, took)
			if peak > c.limit {
				t.Errorf("%d MiB resident, want at most %d", peak, c.limit)
			}
		})
	}
}

// Idle, 11 levels: the CPU of the daemon against that of 11 bare consumers with
// the same settings, in the same run.
func TestIdleCPU(t *testing.T) {
	s := rig.New(t, kafka, rig.Options{Min: 0, Partitions: 6, Handler: "noop: {}, slots: 64"})
	load := s.Load(t)
	var ours, bare []float64
	for range 3 {
		p := s.Spawn(t)
		load.Send(rig.Message{Level: 10})
		load.AwaitHandled()
		ours = append(ours, p.CPUPercent(20*time.Second))
		if code := p.Terminate(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		b := rig.SpawnBare(t, s)
		rig.Eventually(t, "the bare consumers have partitions", b.Assigned)
		settle(2 * time.Second)
		bare = append(bare, b.CPUPercent(20*time.Second))
		b.Kill()
	}
	t.Logf("idle CPU, %% of a core: boostd %.2f, bare consumers %.2f", ours, bare)
	if o, b := middle(ours), middle(bare); o > b+1.5 {
		t.Errorf("boostd takes %.2f %% of a core, want at most %.2f + 1.5", o, b)
	}
}

func middle(v []float64) float64 {
	return v[0] + v[1] + v[2] - max(v[0], v[1], v[2]) - min(v[0], v[1], v[2])
}
