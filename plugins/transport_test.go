package plugins

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// authority signs certificates.
type authority struct {
	t       testing.TB
	cert    *x509.Certificate
	private *ecdsa.PrivateKey
	pem     string
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t}
	a.cert, a.private, a.pem = a.sign("authority", true)
	return a
}

// sign makes a certificate for 127.0.0.1, and its key; the first is the
// authority's own.
func (a *authority) sign(name string, ca bool) (*x509.Certificate, *ecdsa.PrivateKey, string) {
	a.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := a.cert, a.private
	if ca {
		parent, signer = template, private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, private.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, private, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// pair is a new certificate with its key, as text.
func (a *authority) pair(name string) (cert, key string) {
	a.t.Helper()
	_, private, cert := a.sign(name, false)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func put(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serveTLS has a certificate of the authority and wants one of it.
func serveTLS(t *testing.T, a *authority, http2 bool, handle http.HandlerFunc) string {
	t.Helper()
	own, err := tls.X509KeyPair(func() ([]byte, []byte) { c, k := a.pair("service"); return []byte(c), []byte(k) }())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := httptest.NewUnstartedServer(handle)
	s.EnableHTTP2 = http2
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// The service believes us by our certificate, we it by its own; both may be replaced.
func TestHTTPCertificates(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	for _, http2 := range []bool{false, true} {
		var seen, proto atomic.Value
		url := serveTLS(t, a, true, func(w http.ResponseWriter, r *http.Request) {
			seen.Store(r.TLS.PeerCertificates[0].Subject.CommonName)
			proto.Store(r.Proto)
			w.Header().Set("Connection", "close")
		})
		dir := t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name) }
		cert, key := a.pair("boostd-1")
		o := HTTPOptions{HTTP2: http2, CAFile: put(t, path("ca"), a.pem), CertFile: put(t, path("cert"), cert), KeyFile: put(t, path("key"), key)}
		h := newHandler(t, Config{HTTP: url, HTTPOptions: o}, nil)
		ask := func() boostd.Result {
			h.doer.(*httpDoer).transport.CloseIdleConnections()
			return attempt(t, t.Context(), h, boostd.Message{Value: []byte("v")})
		}
		want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2]
		if r := ask(); r != done() || seen.Load() != "boostd-1" || proto.Load() != want {
			t.Errorf("result %+v, by %v over %v, want done over %s", r, seen.Load(), proto.Load(), want)
		}
		cert, key = a.pair("boostd-2")
		put(t, path("cert"), cert)
		put(t, path("key"), key)
		if r := ask(); r != done() || seen.Load() != "boostd-2" {
			t.Errorf("result %+v, by %v with a new certificate", r, seen.Load())
		}
		put(t, path("ca"), stranger.pem)
		if r := ask(); r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, "certificate refused: x509: certificate signed by unknown authority") {
			t.Errorf("result %+v of a service that we don't trust", r)
		}
		put(t, path("ca"), "canary")
		if r := ask(); r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, "no answer: http_options.ca_file: there is no certificate in ") {
			t.Errorf("result %+v without certificates", r)
		}
		put(t, path("ca"), a.pem)
		cert, key = stranger.pair("stranger")
		put(t, path("cert"), cert)
		put(t, path("key"), key)
		// When it learns of it, the request may be on its way already.
		if r := ask(); r.Outcome != boostd.Retry || r.Reason == "" || seen.Load() == "stranger" {
			t.Errorf("result %+v with a certificate of somebody else, the service has seen %v", r, seen.Load())
		}
	}
}

func TestHTTP2(t *testing.T) {
	var proto atomic.Value
	note := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		proto.Store(r.Proto)
	}
	plain := httptest.NewUnstartedServer(http.HandlerFunc(note))
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetHTTP1(true)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	t.Cleanup(plain.Close)
	a := newAuthority(t)
	dir := t.TempDir()
	cert, key := a.pair("boostd")
	files := HTTPOptions{CAFile: put(t, filepath.Join(dir, "ca"), a.pem), CertFile: put(t, filepath.Join(dir, "cert"), cert), KeyFile: put(t, filepath.Join(dir, "key"), key)}
	for _, c := range []struct {
		name, url string
		o         HTTPOptions
		http2     bool
		want      string
	}{
		{"http", plain.URL, HTTPOptions{}, false, "HTTP/1.1"},
		{"h2c", plain.URL, HTTPOptions{}, true, "HTTP/2.0"},
		{"https", serveTLS(t, a, true, note), files, false, "HTTP/1.1"},
		{"h2", serveTLS(t, a, true, note), files, true, "HTTP/2.0"},
		{"h2 that the service hasn't", serveTLS(t, a, false, note), files, true, "HTTP/1.1"},
	} {
		c.o.HTTP2 = c.http2
		h := newHandler(t, Config{HTTP: c.url, HTTPOptions: c.o}, nil)
		for _, value := range [][]byte{nil, []byte("v"), make([]byte, 1<<20)} { // the last isn't copied
			if r := attempt(t, t.Context(), h, boostd.Message{Value: value}); r != done() || proto.Load() != c.want {
				t.Errorf("%s: result %+v over %v, want done over %s", c.name, r, proto.Load(), c.want)
			}
		}
	}
	h := newHandler(t, Config{HTTP: serve(t, note), HTTPOptions: HTTPOptions{HTTP2: true}}, nil)
	// Such a service says that it doesn't understand, and closes: which of the two comes first is chance.
	if r := attempt(t, t.Context(), h, boostd.Message{Value: []byte("v")}); r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, "no answer: ") && r.Reason != "connection reset" {
		t.Errorf("result %+v of h2c with a service that knows HTTP/1.1 alone", r)
	}
}

// Of many requests on one connection those that end don't end the others, and a
// refusal before the body is read is an answer.
func TestHTTP2Faults(t *testing.T) {
	a := newAuthority(t)
	dir := t.TempDir()
	cert, key := a.pair("boostd")
	o := HTTPOptions{HTTP2: true, CAFile: put(t, filepath.Join(dir, "ca"), a.pem), CertFile: put(t, filepath.Join(dir, "cert"), cert), KeyFile: put(t, filepath.Join(dir, "key"), key)}
	url := serveTLS(t, a, true, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Boostd-Key") {
		case "reset":
			panic(http.ErrAbortHandler)
		case "endless":
			for block := make([]byte, 1<<16); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		case "refuse":
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		case "":
			io.Copy(io.Discard, r.Body)
		}
	})
	h := newHandler(t, Config{HTTP: url, HTTPOptions: o}, nil)
	big := make([]byte, 8<<20)
	for range 5 {
		for _, c := range []struct {
			key, reason string
			outcome     boostd.Outcome
		}{
			{"reset", "no answer: stream error", boostd.Retry},
			{"endless", "", boostd.Done},
			{"refuse", "answered 413", boostd.Dead},
			{"", "", boostd.Done},
		} {
			m := boostd.Message{Value: big}
			if c.key != "" {
				m.Key = []byte(c.key)
			}
			if r := attempt(t, t.Context(), h, m); r.Outcome != c.outcome || !strings.HasPrefix(r.Reason, c.reason) {
				t.Fatalf("%s: result %+v", c.key, r)
			}
		}
	}
}

func TestHTTPToken(t *testing.T) {
	var want atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want.Load() {
			w.WriteHeader(http.StatusUnauthorized)
		} else if strings.HasSuffix(r.URL.Path, "/batch") {
			io.WriteString(w, `[{"id":1,"result":"done"}]`)
		}
	})
	path := put(t, filepath.Join(t.TempDir(), "token"), "canary-1\n")
	want.Store("Bearer canary-1")
	var log output
	h := newHandler(t, Config{HTTP: url, HTTPOptions: HTTPOptions{TokenFile: path}}, log.logger())
	batches := newHandler(t, Config{HTTP: url + "/batch", Batch: BatchConfig{Max: 2}, HTTPOptions: HTTPOptions{TokenFile: path}}, log.logger())
	ask := func(reason string) {
		t.Helper()
		for _, h := range []*Handler{h, batches} {
			r := attempt(t, t.Context(), h, boostd.Message{Attempt: 1, Value: []byte("v")})
			if reason == "" && r != done() || reason != "" && (r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, reason)) || strings.Contains(r.Reason, "canary") {
				t.Errorf("result %+v, want %q", r, reason)
			}
		}
	}
	ask("")
	want.Store("Bearer canary-22")
	ask("answered 401 Unauthorized: the token in http_options.token_file isn't accepted")
	put(t, path, "canary-22")
	ask("")
	put(t, path, "")
	ask("http_options.token_file: " + path + " is empty")
	if strings.Contains(log.String(), "canary") {
		t.Errorf("the log shows it: %s", log.String())
	}
}

func TestHTTPFilesAreLookedAtFirst(t *testing.T) {
	for key, o := range map[string]HTTPOptions{
		"token_file": {TokenFile: "/nowhere/token"}, "ca_file": {CAFile: "/nowhere/ca"}, "cert_file": {CertFile: "/nowhere/cert", KeyFile: "/nowhere/key"},
	} {
		c := Config{HTTP: "https://127.0.0.1:1/", HTTPOptions: o}
		c.SetDefaults()
		if _, err := New("x", c, Options{}); err == nil || !strings.Contains(err.Error(), "http_options."+key+": open /nowhere/") {
			t.Errorf("%s: error %v", key, err)
		}
	}
}

func TestBesideMakesPathsAbsolute(t *testing.T) {
	c := Config{HTTPOptions: HTTPOptions{TokenFile: "t", CAFile: "/ca", CertFile: "c"}}
	c.Beside(func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return "/etc/boostd/" + path
	})
	if c.HTTPOptions != (HTTPOptions{TokenFile: "/etc/boostd/t", CAFile: "/ca", CertFile: "/etc/boostd/c"}) {
		t.Errorf("paths are %+v", c.HTTPOptions)
	}
}
