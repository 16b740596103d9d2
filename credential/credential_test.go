package credential

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pair makes a certificate and its key.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "boostd"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", secret)
}

func TestPair(t *testing.T) {
	dir := t.TempDir()
	cert, key := pair(t)
	_, other := pair(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	write(t, path("cert"), cert)
	write(t, path("key"), key)
	write(t, path("other"), other)
	write(t, path("canary"), "canary-5f2e")
	for _, c := range []struct{ cert, key, want string }{
		{"cert", "key", ""},
		{"absent", "key", "cert_file: open " + path("absent") + ": no such file or directory"},
		{"cert", "absent", "key_file: open "},
		{"cert", ".", "key_file: " + path(".") + ": want a file"},
		{"canary", "key", "cert_file: there is no certificate in " + path("canary") + ": want one in PEM"},
		{"cert", "canary", "key_file: there is no key in " + path("canary") + ": want one in PEM"},
		{"cert", "other", "cert_file: " + path("cert") + " and " + path("other") + " don't fit together: "},
	} {
		got, err := Pair("cert_file", path(c.cert), "key_file", path(c.key))
		switch {
		case c.want == "" && (err != nil || len(got.Certificate) != 1):
			t.Errorf("%d certificates, %v", len(got.Certificate), err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "5f2e")):
			t.Errorf("%s, %s: error %v, want %s", c.cert, c.key, err, c.want)
		}
	}
}

func TestAuthorities(t *testing.T) {
	dir := t.TempDir()
	cert, _ := pair(t)
	write(t, filepath.Join(dir, "ca"), cert+cert)
	write(t, filepath.Join(dir, "none"), "canary-5f2e")
	if pool, err := Authorities("ca_file", filepath.Join(dir, "ca")); err != nil || pool.Equal(x509.NewCertPool()) {
		t.Errorf("pool %v, %v", pool, err)
	}
	if _, err := Authorities("ca_file", filepath.Join(dir, "none")); err == nil || !strings.HasPrefix(err.Error(), "ca_file: there is no certificate in ") || strings.Contains(err.Error(), "5f2e") {
		t.Errorf("error %v", err)
	}
}

// A token is what its file has, whatever way it got there; it shows nowhere.
func TestWatchedToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if _, err := WatchToken("token_file", path); err == nil {
		t.Error("no file is no error")
	}
	write(t, path, "canary-1\n")
	w, err := WatchToken("token_file", path)
	if err != nil {
		t.Fatal(err)
	}
	is := func(want string) {
		t.Helper()
		if got, err := w.Get(); got != want || err != nil {
			t.Errorf("token %q, %v, want %q", got, err, want)
		}
	}
	is("canary-1")
	write(t, path, "canary-22")
	is("canary-22")
	write(t, path+".new", "canary-33")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	is("canary-33")
	write(t, path, "two tokens")
	if _, err := w.Get(); err == nil || strings.Contains(err.Error(), "two tokens") {
		t.Errorf("error %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Get(); err == nil {
		t.Error("a file that is gone is no error")
	}
	write(t, path, "canary-44")
	is("canary-44")
	if text := fmt.Sprintf("%v %+v %#v", w, w, w); strings.Contains(text, "canary-44") {
		t.Errorf("it shows as %s", text)
	}
}

// A change that nothing but the content shows is seen after a second.
func TestWatchedTokenOfTheSameLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, "one")
	when := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
	w, err := WatchToken("token_file", path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "two")
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(-maxAge)
	if got, err := w.Get(); got != "two" || err != nil {
		t.Errorf("token %q, %v", got, err)
	}
}
