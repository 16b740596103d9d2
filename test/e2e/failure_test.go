package e2e

import (
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// What ends a part of the daemon ends the whole of it, with a message that says
// what, and a code that service managers start it again for.
func TestEndOfAPartEndsTheDaemon(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		for name, how := range map[string]struct {
			options rig.Options
			says    []string
		}{
			"an audit that is required and can't be written": {
				rig.Options{Min: 10, AuditFile: "/dev/full, audit_required: true"},
				[]string{"no space left on device"}},
			"a group without an offset where none is refused": {
				rig.Options{Min: 10, Kafka: "  start: none"},
				[]string{"no offset to start from", "kafka.start is none"}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := rig.New(t, c, how.options)
				load := s.Load(t)
				load.Fill(0, 10, 100)
				load.Fill(10, 10, 100)
				p := s.Spawn(t)
				exits(t, p, p.Wait(rig.Patience), 70)
				says(t, p, append(how.says, "a part of the daemon failed: stopping", "stopped uncleanly")...)
			})
		}
	})
}

// An audit that isn't required and can't be written is said and stops nothing.
func TestAuditThatCantBeWritten(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, nil)
		s := rig.New(t, c, rig.Options{Min: 10, AuditFile: "/dev/full", Handler: `http: "` + svc.URL + `"`})
		load := s.Load(t)
		load.Fill(0, 50, 100)
		load.Fill(10, 50, 100)
		p := s.Spawn(t)
		rig.Eventually(t, "all is handled", func() bool { return svc.count() == 100 })
		rig.Eventually(t, "all is committed", func() bool { return s.Done(t) == 100 })
		p.Terminate()
		says(t, p, "no space left on device")
	})
}
