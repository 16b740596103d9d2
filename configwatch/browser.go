package configwatch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/kafkaboost/boostd/credential"
)

const (
	maxRedirects = 5
	maxHeader    = 64 << 10
)

// newBrowser is a client for one Read of the address. It trusts the certificates
// in caFile instead of the system's, where one is named; read anew each time, for
// they end and are replaced.
func newBrowser(address *url.URL, caFile string) (*http.Client, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		var err error
		if trust.RootCAs, err = credential.Authorities("settings.https.ca_file", caFile); err != nil {
			return nil, err
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSClientConfig:        trust,
			TLSHandshakeTimeout:    tlsTimeout,
			ResponseHeaderTimeout:  headerTimeout,
			MaxResponseHeaderBytes: maxHeader,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			return follow(address, next, via)
		},
	}, nil
}

// wayError is a redirect that isn't followed.
type wayError struct{ text string }

// Error implements error.
func (e wayError) Error() string { return e.text }

// follow allows a redirect to https, or within this machine, and takes out what
// the next host needn't know.
func follow(address *url.URL, next *http.Request, via []*http.Request) error {
	before := via[len(via)-1].URL
	switch {
	case len(via) > maxRedirects:
		return wayError{fmt.Sprintf("more than %d redirects: look at the address", maxRedirects)}
	case next.URL.Scheme == schemeHTTPS:
	case before.Scheme == schemeHTTPS:
		return wayError{fmt.Sprintf("it redirects from https to %.20s on %s, which anybody on the way could read and change: want https", next.URL.Scheme, short(next.URL.Host))}
	case next.URL.Scheme != schemeH || !loopback(next.URL.Hostname()):
		return wayError{fmt.Sprintf("it redirects to %.20s on %s: want https", next.URL.Scheme, short(next.URL.Host))}
	}
	next.URL.User = nil // would be sent as a password
	next.Header.Del("Referer")
	if next.URL.Scheme != address.Scheme || next.URL.Host != address.Host {
		next.Header.Del("Authorization")
	}
	return nil
}

// explain says why there was no whole answer.
func (p *page) explain(ctx context.Context, err error) error {
	if way := (wayError{}); errors.As(err, &way) {
		return way
	}
	if strings.Contains(err.Error(), "Location header") { // whose text shows it
		return errors.New("it redirects to what is no address: look at the server")
	}
	text := unreachable(ctx, err, p.timeout)
	switch {
	case isUntrusted(err) && p.caFile == "":
		text += ": name the signer's certificate in settings.https.ca_file"
	case isUntrusted(err):
		text += ": the signer's certificate isn't in settings.https.ca_file"
	}
	return wrap(ctx, text)
}

// refused says what to do about a status.
func (p *page) refused(got *http.Response) error {
	status := fmt.Sprintf("%d %s", got.StatusCode, http.StatusText(got.StatusCode))
	if host := got.Request.URL.Host; host != p.address.Host {
		status += " by " + short(host) + ", where it redirects to"
		if p.tokenFile != "" {
			status += " and which doesn't get the token"
		}
	}
	switch code := got.StatusCode; {
	case code == http.StatusNotModified:
		return fmt.Errorf("%s, and the document was never asked for conditionally: something on the way answers wrongly", status)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		if p.tokenFile == "" {
			return fmt.Errorf("%s: the server wants to know who asks: name a token's file in settings.https.token_file", status)
		}
		return fmt.Errorf("%s: the server doesn't accept the token in %s: is it still valid, and for this document?", status, p.tokenFile)
	case code == http.StatusNotFound || code == http.StatusGone:
		return fmt.Errorf("%s: there is no document: look for a slip in the address", status)
	case code == http.StatusTooManyRequests:
		return fmt.Errorf("%s: we ask too often: raise settings.refresh", status)
	case code >= http.StatusInternalServerError:
		return fmt.Errorf("%s: the server has trouble of its own: nothing to do here, unless it stays", status)
	}
	return fmt.Errorf("%s: want 200 with the document: look at the address", status)
}
