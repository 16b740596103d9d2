package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// breakSettings are ways in which settings are not usable, and what is said.
var breakSettings = map[string]struct {
	do   func(t *testing.T, s *rig.Setup)
	says string
}{
	"absent": {func(t *testing.T, s *rig.Setup) {
		if err := os.Remove(filepath.Join(s.Dir, "settings.json")); err != nil {
			t.Fatal(err)
		}
	}, "no such file"},
	"torn":    {func(t *testing.T, s *rig.Setup) { s.WriteFile(t, "settings.json", `{"max_priority": 10,`) }, "settings.json"},
	"invalid": {func(t *testing.T, s *rig.Setup) { s.WriteFile(t, "settings.json", `{"max_priority": "ten"}`) }, "max_priority"},
}

// Without good settings the daemon says so, consumes nothing, and begins as
// soon as they are good.
func TestSettingsThatComeLater(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		for name, how := range breakSettings {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := rig.New(t, c, rig.Options{Min: 10})
				how.do(t, s)
				p := s.Spawn(t)
				rig.Eventually(t, "it says that settings are not usable", func() bool { return p.Says("settings are not usable", how.says) })
				if p.Says(`"running"`) {
					t.Error("it claims to run")
				}
				s.WriteSettings(t)
				load := s.Load(t)
				load.Fill(0, 10, 100)
				load.Fill(10, 10, 100)
				load.AwaitHandled()
				exits(t, p, p.Terminate(), 0)
				clean(t, load)
			})
		}
	})
}

// A signal while there are no good settings is a clean stop.
func TestSignalWhileWaitingForSettings(t *testing.T) {
	t.Parallel()
	for name, how := range breakSettings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rig.Plan(t, nowhere, rig.Options{Min: 10})
			how.do(t, s)
			p := s.Spawn(t)
			rig.Eventually(t, "it says that settings are not usable", func() bool { return p.Says("settings are not usable") })
			exits(t, p, p.Terminate(), 0)
		})
	}
}
