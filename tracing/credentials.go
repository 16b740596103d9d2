package tracing

import (
	"context"
	"crypto/tls"
	"net/http"

	"github.com/kafkaboost/boostd/credential"
)

// bearer is the token of a file, which may change.
type bearer struct{ path string }

func (b bearer) token() (string, error) { return credential.Token("tracing.token_file", b.path) }

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
	var err error
	if trust.RootCAs, err = credential.Authorities("tracing.ca_file", caFile); err != nil {
		return nil, err
	}
	return trust, nil
}
