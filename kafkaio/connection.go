package kafkaio

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// connectionSettings are those of a client's properties that decide how it
// connects. No password is among them.
type connectionSettings struct {
	// brokers are kafka.brokers.
	brokers []string
	// protocol is plaintext, ssl, sasl_plaintext or sasl_ssl.
	protocol, mechanism, user string
	caFile, caPEM             string
	// verify says whether the broker's certificate is looked at, names whether its
	// names are.
	verify, names     bool
	clientCertificate bool
	// keys are where properties are set in boostd.yaml, if not in kafka.properties.
	keys map[string]string
}

// connection reads the settings of one level's client; "" is any other client.
func (c Config) connection(level string) connectionSettings {
	own := c.Levels[level].Properties
	p := merge(c.Properties, own)
	first := func(fallback string, keys ...string) string {
		for _, k := range keys {
			if p[k] != "" {
				return p[k]
			}
		}
		return fallback
	}
	s := connectionSettings{
		brokers:           c.Brokers,
		protocol:          strings.ToLower(first("plaintext", "security.protocol")),
		mechanism:         first("GSSAPI", "sasl.mechanism", "sasl.mechanisms"),
		user:              p["sasl.username"],
		caFile:            p["ssl.ca.location"],
		caPEM:             p["ssl.ca.pem"],
		verify:            first("true", "enable.ssl.certificate.verification") != "false",
		names:             first("https", "ssl.endpoint.identification.algorithm") != "none",
		clientCertificate: first("", "ssl.certificate.location", "ssl.certificate.pem", "ssl.keystore.location") != "",
		keys:              map[string]string{},
	}
	for k := range own {
		s.keys[k] = "kafka.levels." + level + ".properties." + k
	}
	return s
}

func (s connectionSettings) tls() bool  { return strings.HasSuffix(s.protocol, "ssl") }
func (s connectionSettings) sasl() bool { return strings.HasPrefix(s.protocol, "sasl") }

// principal names who is asked for in an ACL.
func (s connectionSettings) principal() string {
	if s.sasl() && s.user != "" {
		return fmt.Sprintf("user %q", s.user)
	}
	return "this client"
}

// key is where to change a property.
func (s connectionSettings) key(property string) string {
	if k := s.keys[property]; k != "" {
		return k
	}
	return "kafka.properties." + property
}

// pool is the authorities that the client trusts; nil stands for the system's.
func (s connectionSettings) pool() (*x509.CertPool, error) {
	if s.caPEM == "" && (s.caFile == "" || s.caFile == "probe") {
		return nil, nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(s.caPEM))
	if s.caFile == "" || s.caFile == "probe" {
		return pool, nil
	}
	files := []string{s.caFile}
	if info, err := os.Stat(s.caFile); err == nil && info.IsDir() {
		files, _ = filepath.Glob(filepath.Join(s.caFile, "*")) // a constant pattern
	}
	var errs []error
	for _, name := range files {
		text, err := os.ReadFile(name)
		errs = append(errs, err)
		pool.AppendCertsFromPEM(text)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("read %s: %w", s.key("ssl.ca.location"), err)
	}
	return pool, nil
}

// explainNew says what is wrong with properties that the client refuses.
func (s connectionSettings) explainNew(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "ssl.ca.location failed"):
		return fmt.Errorf("%s: %q is no readable file of certificates in PEM", s.key("ssl.ca.location"), s.caFile)
	case strings.Contains(text, "No provider for SASL mechanism"):
		return fmt.Errorf("%s: %s is not built into boostd, use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
			s.key("sasl.mechanism"), s.mechanism)
	}
	return err
}
