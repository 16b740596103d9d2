package e2e

import (
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
	"github.com/kafkaboost/boostd/test/rig"
)

// While level 10 has work for seconds, the levels below are paused, with the
// reason shown, and none of their messages starts; without the gate neither.
func TestGate(t *testing.T) {
	onEachAlone(t, func(t *testing.T, c *rig.Cluster) {
		for _, gate := range []string{"on", "off"} {
			t.Run(gate, func(t *testing.T) {
				s := rig.New(t, c, rig.Options{Min: 8, Partitions: 1, Handler: "sleep: {min: 5ms}, slots: 8", Extra: `gate: "` + gate + `"`})
				load := s.Load(t)
				load.Fill(0, 100, 100)
				load.Fill(8, 1300, 100) // more than a window
				load.Fill(9, 1300, 100)
				load.Fill(10, 6000, 100) // 8 slots do 1600 a second
				d, stop := s.Start(t)
				if gate == "on" {
					rig.Eventually(t, "levels 8 and 9 are paused for the work above", func() bool {
						return pausedForWork(status(t, d), 8) && pausedForWork(status(t, d), 9)
					})
				}
				load.AwaitHandled()
				last := status(t, d)
				stop()
				strict(t, s, load)
				for _, k := range last.Consumers {
					if gate == "off" && k.Pauses > 0 {
						t.Errorf("consumer %s was paused without the gate", k.Name)
					}
					if k.Level == 10 && k.Pauses > 0 && k.Reason.Kind == scheduler.HigherWork {
						t.Error("the highest level was paused for work above it")
					}
					if k.State == scheduler.Paused {
						t.Errorf("consumer %s is still paused when all is done", k.Name)
					}
				}
			})
		}
	})
}

func pausedForWork(s scheduler.Status, level boostd.Level) bool {
	for _, k := range s.Consumers {
		if k.Level == level && !k.Mixed {
			return k.State == scheduler.Paused && k.Reason.Kind == scheduler.HigherWork && k.Reason.Work > 0 && k.Reason.String() != ""
		}
	}
	return false
}

// The log tells of a pause in words.
func TestPauseInTheLog(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Partitions: 1, Handler: "sleep: {min: 10ms}, slots: 2"})
		load := s.Load(t)
		load.Fill(9, 1300, 100)
		load.Fill(10, 2000, 100)
		p := s.Spawn(t)
		rig.Eventually(t, "level 9 is paused", func() bool {
			return p.Says("consumer changed its state", `"consumer":"9"`, `"state":"PAUSED"`, `"reason":"levels above have work for `)
		})
		exits(t, p, p.Terminate(), 0)
		says(t, p, `"signal":"terminated"`)
	})
}
