package kafkaio

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/kafkaio/embedded"
)

// issuer makes certificates.
type issuer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true,
		NotBefore: time.Now().Add(-72 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{key, cert}
}

// file is the authority's certificate as ssl.ca.location takes it.
func (i *issuer) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (i *issuer) issue(t *testing.T, until time.Time, usage x509.ExtKeyUsage, ips ...net.IP) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "broker"},
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until, IPAddresses: ips, DNSNames: []string{"broker"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}}
	der, err := x509.CreateCertificate(rand.Reader, template, i.cert, key.Public(), i.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serve accepts connections until the test's end; secured is nil without TLS.
func serve(t *testing.T, secured *tls.Config, talk func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if secured != nil {
		l = tls.NewListener(l, secured)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				talk(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// relayTo passes a connection on to a broker.
func relayTo(address string) func(net.Conn) {
	return func(from net.Conn) {
		to, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer to.Close()
		go func() {
			_, _ = io.Copy(to, from)
			to.Close()
		}()
		_, _ = io.Copy(from, to)
	}
}

// late is a broker that closes what isn't TLS at once, and takes as long for a
// handshake as a look at one address may take.
func late(secured *tls.Config, talk func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		first := make([]byte, 1)
		if _, err := io.ReadFull(c, first); err != nil || first[0] != 0x16 { // a handshake's record
			return
		}
		<-time.After(examineLimit)
		talk(tls.Server(pushedBack{c, io.MultiReader(bytes.NewReader(first), c)}, secured))
	}
}

// pushedBack is a connection whose first bytes were read before.
type pushedBack struct {
	net.Conn
	all io.Reader
}

func (p pushedBack) Read(b []byte) (int, error) { return p.all.Read(b) }

func TestExamine(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	ours, others := newIssuer(t), newIssuer(t)
	kafka := relayTo(broker.Addr())
	loopback, later := net.IPv4(127, 0, 0, 1), time.Now().Add(time.Hour)
	with := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	good := with(ours.issue(t, later, x509.ExtKeyUsageServerAuth, loopback))
	demanding := good.Clone()
	demanding.ClientAuth = tls.RequireAnyClientCert
	demanding12 := demanding.Clone()
	demanding12.MaxVersion = tls.VersionTLS12
	ssl := settingsOf("security.protocol", "ssl", "ssl.ca.location", ours.file(t))
	trusting := settingsOf("security.protocol", "ssl", "enable.ssl.certificate.verification", "false")
	nameless := settingsOf("security.protocol", "ssl", "ssl.ca.location", ours.file(t), "ssl.endpoint.identification.algorithm", "none")
	elsewhere := serve(t, with(ours.issue(t, later, x509.ExtKeyUsageServerAuth, net.IPv4(10, 0, 0, 1))), kafka)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	web := func(c net.Conn) {
		_, _ = c.Read(make([]byte, 100))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
	}
	for name, c := range map[string]struct {
		address string
		set     connectionSettings
		want    finding
		usable  bool
	}{
		"plain":                {broker.Addr(), settingsOf(), finding{kafka: true}, true},
		"TLS to plain":         {broker.Addr(), ssl, finding{kafka: true}, false},
		"TLS":                  {serve(t, good, kafka), ssl, finding{kafka: true, withTLS: true}, true},
		"plain to TLS":         {serve(t, good, kafka), settingsOf(), finding{kafka: true, withTLS: true, certificate: certificateUntrusted}, false},
		"plain to a late TLS":  {serve(t, nil, late(good, kafka)), settingsOf(), finding{kafka: true, withTLS: true, certificate: certificateUntrusted}, false},
		"untrusted":            {serve(t, with(others.issue(t, later, x509.ExtKeyUsageServerAuth, loopback)), kafka), ssl, finding{kafka: true, withTLS: true, certificate: certificateUntrusted}, false},
		"another name":         {elsewhere, ssl, finding{kafka: true, withTLS: true, certificate: certificateName}, false},
		"names don't matter":   {elsewhere, nameless, finding{kafka: true, withTLS: true}, true},
		"nothing matters":      {elsewhere, trusting, finding{kafka: true, withTLS: true, certificate: certificateUntrusted}, true},
		"expired":              {serve(t, with(ours.issue(t, time.Now().Add(-time.Hour), x509.ExtKeyUsageServerAuth, loopback)), kafka), ssl, finding{kafka: true, withTLS: true, certificate: certificateExpired}, false},
		"a client's":           {serve(t, with(ours.issue(t, later, x509.ExtKeyUsageClientAuth, loopback)), kafka), ssl, finding{kafka: true, withTLS: true, certificate: certificateBad}, false},
		"wants ours":           {serve(t, demanding, kafka), ssl, finding{wantsCertificate: true}, false},
		"wants ours, TLS 1.2":  {serve(t, demanding12, kafka), ssl, finding{wantsCertificate: true}, false},
		"web":                  {serve(t, nil, web), settingsOf(), finding{http: true}, false},
		"silent":               {serve(t, nil, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), settingsOf(), finding{unreachable: causeSilent}, false},
		"closes":               {serve(t, nil, func(net.Conn) {}), settingsOf(), finding{unreachable: causeClosed}, false},
		"refuses":              {closed.Addr().String(), settingsOf(), finding{unreachable: causeRefused}, false},
		"no such name":         {"nowhere.invalid:9092", settingsOf(), finding{unreachable: causeNoName}, false},
		"no address":           {"nowhere", settingsOf(), finding{unreachable: causeSilent}, false},
		"talks something else": {serve(t, nil, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail ready, what do you want?\r\n") }), settingsOf(), finding{unreachable: causeClosed}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			f := examine(t.Context(), c.address, c.set, false)
			if took := time.Since(began); took > examineLimit+time.Second {
				t.Errorf("took %v", took)
			}
			got := finding{unreachable: f.unreachable, http: f.http, kafka: f.kafka, withTLS: f.withTLS, sasl: f.sasl,
				wantsCertificate: f.wantsCertificate, certificate: f.certificate}
			if got.unreachable != c.want.unreachable || got.http != c.want.http || got.kafka != c.want.kafka || got.withTLS != c.want.withTLS ||
				got.wantsCertificate != c.want.wantsCertificate || got.certificate != c.want.certificate || got.sasl != c.want.sasl {
				t.Errorf("found %+v, want %+v (%s)", got, c.want, f.why)
			}
			if f.usable(c.set) != c.usable {
				t.Errorf("usable %t, want %t", f.usable(c.set), c.usable)
			}
		})
	}
	t.Run("given up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if f := examine(ctx, broker.Addr(), settingsOf(), false); f.kafka {
			t.Errorf("found %+v", f)
		}
	})
}
