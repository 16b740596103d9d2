package plugins

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kafkaboost/boostd/credential"
)

// pingAfter is how long a connection of HTTP/2 may be silent until it is asked
// whether it is still there, and how long it has to answer: it carries many
// requests, and their timeouts don't end it.
const pingAfter = 15 * time.Second

// newTransport leaves the number of connections to the slots: over HTTP/1.1 there
// are as many as there are attempts, so that no message waits behind another one's
// answer. The files are read once, to tell of mistakes in them.
func newTransport(u *url.URL, o HTTPOptions) (*http.Transport, error) {
	dialer := &net.Dialer{Timeout: connectTimeout}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		MaxIdleConns:           maxSlots,
		MaxIdleConnsPerHost:    maxSlots,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxAnswer,
		DisableCompression:     true,
		Protocols:              protocols(u, o.HTTP2),
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
	}
	if o.CAFile == "" && o.CertFile == "" {
		return t, nil
	}
	// Read for each connection: certificates end and are replaced.
	t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		trust, err := o.trust(u)
		if err != nil {
			return nil, err
		}
		return (&tls.Dialer{NetDialer: dialer, Config: trust}).DialContext(ctx, network, addr)
	}
	_, err := o.trust(u)
	return t, err
}

func protocols(u *url.URL, http2 bool) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(!http2 || u.Scheme == "https")
	p.SetHTTP2(http2 && u.Scheme == "https")
	p.SetUnencryptedHTTP2(http2 && u.Scheme == "http")
	return p
}

// trust is whom a connection believes, and what it shows of itself.
func (o HTTPOptions) trust(u *url.URL) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname(), NextProtos: []string{"http/1.1"}}
	if o.HTTP2 {
		c.NextProtos = []string{"h2", "http/1.1"}
	}
	if o.CAFile != "" {
		var err error
		if c.RootCAs, err = credential.Authorities("http_options.ca_file", o.CAFile); err != nil {
			return nil, err
		}
	}
	if o.CertFile != "" {
		own, err := credential.Pair("http_options.cert_file", o.CertFile, "http_options.key_file", o.KeyFile)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}
