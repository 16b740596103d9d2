package kafkaio

import (
	"net"
	"strings"
	"testing"
	"time"
)

// What suggestions name exists: the client takes the name, if not the value.
func TestPropertyNamesExist(t *testing.T) {
	for _, name := range propertyNames {
		if err := refusedAlone(name, "\x01"); err != nil && strings.HasPrefix(err.Error(), "No such") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretProperties(t *testing.T) {
	secret := []string{
		"sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret",
		"sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.config", "sasl.oauthbearer.assertion.private.key.pem",
		"sasl.oauthbearer.assertion.private.key.passphrase", "sasl.jaas.config",
	}
	for _, name := range secret {
		if !SecretProperty(name) {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, name := range []string{"sasl.username", "ssl.ca.pem", "ssl.key.location", "sasl.mechanism", "ssl.certificate.pem", "client.rack"} {
		if SecretProperty(name) {
			t.Errorf("%s is a secret", name)
		}
	}
}

// The check asks the client, and the client asks nobody.
func TestCheckClientsConnectsToNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().String()
	c := Config{
		Brokers: []string{address}, Group: "g",
		Properties: map[string]string{
			"security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.method": "oidc",
			"sasl.oauthbearer.token.endpoint.url": "http://" + address + "/", "sasl.oauthbearer.client.id": "i", "sasl.oauthbearer.client.secret": "s",
			"bootstrap.servers": address, "metadata.broker.list": address,
		},
		ProducerProperties: map[string]string{"linger.ms": "1"},
		Levels:             map[string]LevelConfig{"1": {Properties: map[string]string{"fetch.wait.max.ms": "5"}}},
	}
	c.SetDefaults()
	if errs := c.CheckClients(); len(errs) > 0 {
		t.Error(errs)
	}
	// A connection would have been made by a client that is closed by now.
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if conn, err := l.Accept(); err == nil {
		conn.Close()
		t.Error("somebody connected")
	}
}

func BenchmarkCheckClients(b *testing.B) {
	c := Config{Properties: map[string]string{
		"security.protocol": "sasl_ssl", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u", "sasl.password": "p", "fetch.wait.max.ms": "5",
	}}
	c.SetDefaults()
	for b.Loop() {
		if errs := c.CheckClients(); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}
