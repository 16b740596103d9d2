package tracing

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

const (
	maxToken        = 16 << 10
	maxCertificates = 4 << 20 // a system's own are 220 KB
)

// bearer is the token of a file, which may change.
type bearer struct{ path string }

func (b bearer) token() (string, error) {
	data, err := readSmall("tracing.token_file", b.path, maxToken)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(data))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("tracing.token_file: %s: want one token without spaces", b.path)
	}
	return token, nil
}

// GetRequestMetadata implements grpc's credentials.PerRPCCredentials.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := b.token()
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

// RequireTransportSecurity implements grpc's credentials.PerRPCCredentials: Validate
// wants TLS where the token leaves the machine.
func (b bearer) RequireTransportSecurity() bool { return false }

// bearing adds the token to requests.
type bearing struct {
	bearer
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := b.token()
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return b.next.RoundTrip(r)
}

// trusting is how the collector's certificate is judged.
func trusting(caFile string) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return trust, nil
	}
	pem, err := readSmall("tracing.ca_file", caFile, maxCertificates)
	if err != nil {
		return nil, err
	}
	trust.RootCAs = x509.NewCertPool()
	if !trust.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("tracing.ca_file: there is no certificate in %s: want one or more in PEM, -----BEGIN CERTIFICATE-----", caFile)
	}
	return trust, nil
}

// readSmall reads a plain file of at most limit bytes.
func readSmall(key, path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: a pipe would wait for a writer
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no plain file")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: read %s: %w", key, path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", key, err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%s: %s is larger than %d bytes", key, path, limit)
	}
	return data, nil
}
