package e2e

import (
	"fmt"
	"testing"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// What `properties` says of SASL and TLS reaches every client.
func TestSecuredCluster(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Security: true})
	secure := cluster.Secure()
	sasl := func(protocol string, u kafkatest.User, password, ca string) string {
		text := fmt.Sprintf("  properties:\n    security.protocol: %s\n    sasl.mechanism: %s\n    sasl.username: %s\n    sasl.password: %s\n",
			protocol, u.Mechanism, u.Name, password)
		if ca != "" {
			text += "    ssl.ca.location: " + ca + "\n"
		}
		return text
	}
	u := secure.Scram256
	for _, works := range []struct {
		name    string
		brokers []string
		kafka   string
	}{
		{"sasl_ssl scram-sha-256", secure.SASLSSL, sasl("sasl_ssl", u, u.Password, secure.CAFile)},
		{"sasl_plaintext plain", secure.SASLPlaintext, sasl("sasl_plaintext", secure.Plain, secure.Plain.Password, "")},
		{"ssl", secure.SSL, "  properties: {security.protocol: ssl, ssl.ca.location: " + secure.CAFile + "}"},
	} {
		t.Run(works.name, func(t *testing.T) {
			s := rig.Plan(t, works.brokers, rig.Options{Min: 10, Partitions: 1, Kafka: works.kafka})
			p := s.Spawn(t)
			rig.Eventually(t, "it runs", func() bool { return p.Says(`"running"`) })
			load := s.Load(t)
			load.Fill(0, 5, 100)
			load.Fill(10, 5, 100)
			load.AwaitHandled()
			exits(t, p, p.Terminate(), 0)
			clean(t, load)
			if p.Says(u.Password) || p.Says(secure.Plain.Password) {
				t.Error("its output shows a password")
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		for _, fails := range []struct {
			name    string
			brokers []string
			kafka   string
			says    string
		}{
			{"wrong password", secure.SASLSSL, sasl("sasl_ssl", u, "guess", secure.CAFile), "refuses the login"},
			{"untrusted authority", secure.SASLSSL, sasl("sasl_ssl", u, u.Password, secure.UntrustedCAFile), "not trusted"},
			{"no TLS to a TLS port", secure.SSL, "", "speaks SSL on this port"},
		} {
			t.Run(fails.name, func(t *testing.T) {
				t.Parallel()
				s := rig.Plan(t, fails.brokers, rig.Options{Min: 10, Kafka: fails.kafka})
				p := s.Spawn(t)
				exits(t, p, p.Wait(rig.Patience), 69)
				says(t, p, fails.brokers[0], fails.says)
				if p.Says(u.Password) || p.Says("guess") {
					t.Error("its output shows a password")
				}
			})
		}
	})
}
