package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// nowhere is for daemons that come to no broker.
var nowhere = []string{"127.0.0.1:1"}

// A configuration that is wrong is refused with all that is wrong, at its place.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	good := rig.Plan(t, nowhere, rig.Options{Min: 10})
	for _, c := range []struct{ name, text, place, says string }{
		{"not YAML", "kafka: [\n", "boostd.yaml:", "not YAML"},
		{"empty", "", "boostd.yaml:", "is empty"},
		{"binary", "\x00\x01\xff", "boostd.yaml", "not YAML"},
		{"unknown key", "kafka:\n  borkers: [a:1]\n", "boostd.yaml:2:3: ", `did you mean "brokers"`},
		{"owned property", "kafka:\n  properties: {group.id: x}\n", "boostd.yaml:2:26: ", "use kafka.group"},
		{"unknown handler", "topics:\n  a: {handler: b}\n", "boostd.yaml:2:16: ", "no handler"},
		{"bad duration", "drain: soon\n", "boostd.yaml:1:8: ", "duration"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := *good
			s.Dir = t.TempDir()
			s.WriteFile(t, "boostd.yaml", c.text)
			p := s.Spawn(t)
			exits(t, p, p.Wait(rig.Patience), 78)
			says(t, p, c.place, c.says)
		})
	}
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		s := *good
		s.Dir = t.TempDir()
		s.WriteFile(t, "boostd.yaml", "gate: maybe\ndrain: -1s\nnonsense: 1\n")
		p := s.Spawn(t)
		exits(t, p, p.Wait(rig.Patience), 78)
		says(t, p, ":1:7: gate", ":2:8: drain", ":3:1: nonsense", "topics: is missing")
	})
	for name, path := range map[string]string{"absent": filepath.Join(good.Dir, "absent.yaml"), "a folder": good.Dir} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := rig.Spawn(t, "run", "-c", path)
			exits(t, p, p.Wait(rig.Patience), 78)
			says(t, p, path, "can't be read")
		})
	}
}

// Wrong usage is 64, with what was wrong and where to look.
func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, says string }{
		{"ru", `did you mean "run"?`},
		{"nonsense", `unknown command "nonsense"`},
		{"run", "boostd run -c boostd.yaml"},
		{"run --nonsense", "--nonsense"},
		{"run -c boostd.yaml extra", "extra"},
		{"run -c", "boostd run --help"},
		{"run -c boostd.yaml --log-level loud", "loud"},
		{"broker extra", "boostd broker --help"},
		{"version extra", "boostd version --help"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			p := rig.Spawn(t, strings.Fields(c.args)...)
			exits(t, p, p.Wait(rig.Patience), 64)
			says(t, p, c.says)
			if p.Stdout() != "" {
				t.Errorf("standard output has %q: want errors elsewhere", p.Stdout())
			}
		})
	}
}

// What a valid file asks for and can't be had is refused before anything is
// touched: before the brokers are reached and topics are created.
func TestConfigurationThatCantBeCarriedOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, says, handler, kafka string }{
		{"no such program", "can't be carried out: ", "exec: [/nonexistent/program]", ""},
		{"no such property", "kafka.properties.no.such.property: the Kafka client has no such property", "noop: {}", "  properties: {no.such.property: x}"},
		{"bad value", "kafka.properties.session.timeout.ms: the Kafka client doesn't accept its value", "noop: {}", "  properties: {session.timeout.ms: soon}"},
		{"no such authority", "kafka.properties.ssl.ca.location: the Kafka client says: ", "noop: {}", "  properties: {security.protocol: ssl, ssl.ca.location: /nonexistent}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := rig.Plan(t, nowhere, rig.Options{Min: 10})
			s.Handler, s.Kafka = c.handler, c.kafka
			s.WriteConfig(t)
			p := s.Spawn(t)
			exits(t, p, p.Wait(rig.Patience), 78)
			says(t, p, "boostd.yaml", c.says)
			if p.Took() > 5*time.Second {
				t.Errorf("it took %v: want an answer before the brokers are tried", p.Took())
			}
		})
	}
}
