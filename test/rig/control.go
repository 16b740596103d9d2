package rig

import (
	"encoding/json"
	"testing"

	"github.com/kafkaboost/boostd/console"
)

// Boostd runs a command to its end.
func Boostd(t testing.TB, args ...string) (p *Process, code int) {
	t.Helper()
	p = Spawn(t, args...)
	return p, p.Wait(Patience)
}

// Command runs a command that talks to the setup's daemon.
func (s *Setup) Command(t testing.TB, args ...string) (p *Process, code int) {
	t.Helper()
	return Boostd(t, append(args, "--control", s.Control)...)
}

// Status is what `boostd status --json` says; it must say something.
func (s *Setup) Status(t testing.TB) console.Status {
	t.Helper()
	p, code := s.Command(t, "status", "--json")
	if code != 0 {
		t.Fatalf("boostd status exited with %d: %s", code, p.Output())
	}
	var status console.Status
	if err := json.Unmarshal([]byte(p.Stdout()), &status); err != nil {
		t.Fatalf("%v in %s", err, p.Stdout())
	}
	return status
}

// Alarm is the text of the standing alarm of a kind, empty when there is none.
func Alarm(s console.Status, kind string) string {
	for _, a := range s.Alarms {
		if a.Kind == kind {
			return a.Text
		}
	}
	return ""
}

// Ready reports whether the setup's first daemon answers and is ready.
func Ready(t testing.TB, s *Setup) bool {
	t.Helper()
	status, err := console.Dial(s.Control).Status(t.Context())
	return err == nil && status.Ready
}
