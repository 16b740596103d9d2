// Package credential reads what boostd shows others, and whom it believes: tokens
// and certificates in files that keys of boostd.yaml name.
//
// It owns what a file must have in it, and errors that name the key and the file and
// never show content. Where paths count from is the callers'.
package credential

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/kafkaboost/boostd/wholefile"
)

const (
	// MaxToken bounds a token's file in bytes.
	MaxToken = 16 << 10

	maxCertificates = 4 << 20 // a system's own are 220 KB
)

// Token reads a bearer token: printable ASCII without spaces, at most 16 KiB. key
// names the key of boostd.yaml in errors.
func Token(key, path string) (string, error) {
	data, err := wholefile.ReadSmall(key, path, MaxToken)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(data))
	switch {
	case token == "":
		return "", fmt.Errorf("%s: %s is empty: write the token into it", key, path)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fmt.Errorf("%s: %s has more in it than one token: want one line without spaces", key, path)
	}
	return token, nil
}

// Authorities reads certificates to trust, in PEM, at most 4 MiB.
func Authorities(key, path string) (*x509.CertPool, error) {
	pem, err := wholefile.ReadSmall(key, path, maxCertificates)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: there is no certificate in %s: want one or more in PEM, -----BEGIN CERTIFICATE-----", key, path)
	}
	return pool, nil
}

// Pair reads a certificate of our own and its key, in PEM.
func Pair(certKey, certPath, keyKey, keyPath string) (tls.Certificate, error) {
	cert, err := wholefile.ReadSmall(certKey, certPath, maxCertificates)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := wholefile.ReadSmall(keyKey, keyPath, maxCertificates)
	if err != nil {
		return tls.Certificate{}, err
	}
	defer clear(key)
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
		return pair, nil
	case !bytes.Contains(cert, []byte("-----BEGIN CERTIFICATE-----")):
		return tls.Certificate{}, fmt.Errorf("%s: there is no certificate in %s: want one in PEM, -----BEGIN CERTIFICATE-----", certKey, certPath)
	case !bytes.Contains(key, []byte("PRIVATE KEY-----")):
		return tls.Certificate{}, fmt.Errorf("%s: there is no key in %s: want one in PEM, -----BEGIN PRIVATE KEY-----, without a passphrase", keyKey, keyPath)
	}
	return tls.Certificate{}, fmt.Errorf("%s: %s and %s don't fit together: %w", certKey, certPath, keyPath, err)
}
