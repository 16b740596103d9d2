package plugins

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/credential"
)

const (
	connectTimeout = 10 * time.Second
	// maxAnswer is how much of an answer's body is read, in bytes: enough to
	// use the connection again after any sensible answer.
	maxAnswer = 64 << 10
	// maxAfter bounds the wait that a service or a program may ask for.
	maxAfter = time.Hour
)

// httpDoer posts each message to one address, or several together.
//
// It uses the transport without http.Client: no redirects, no cookies, and no
// proxy from the environment, which would be given payloads that nobody meant
// for it.
type httpDoer struct {
	address   *url.URL
	transport *http.Transport
	token     *credential.WatchedToken // nil for none
	later     *Later                   // nil: each answer is the result
	batch     atomic.Int64             // how many messages go into one request
	last      atomic.Int64             // the attempt that is a message's last
	log       *programLog
}

func newHTTPDoer(c Config, later *Later, logger hclog.Logger) (*httpDoer, error) {
	u, err := parseAddress(c.HTTP)
	if err != nil {
		return nil, err
	}
	d := &httpDoer{address: u, log: &programLog{logger: logger}}
	d.last.Store(int64(c.Retry.Attempts))
	d.batch.Store(int64(c.Batch.Max))
	if c.HTTPOptions.Later {
		d.later = later
	}
	if c.HTTPOptions.TokenFile != "" {
		if d.token, err = credential.WatchToken("http_options.token_file", c.HTTPOptions.TokenFile); err != nil {
			return nil, err
		}
	}
	if d.transport, err = newTransport(u, c.HTTPOptions); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *httpDoer) close(context.Context) error {
	d.transport.CloseIdleConnections()
	return nil
}

func (d *httpDoer) do(ctx context.Context, m *boostd.Message) boostd.Result {
	if d.later == nil {
		result, _ := d.hand(ctx, m, requestHeader(m))
		return result
	}
	s := d.later.begin() // the result may be here before the answer
	defer d.later.end(s)
	header := requestHeader(m)
	header[tokenHeader] = []string{s.token}
	result, lease := d.hand(ctx, m, header)
	if lease == 0 || result.Outcome != boostd.Done {
		return result
	}
	return s.await(ctx, lease)
}

// hand posts a message; lease is above 0 where the service has taken it for so long.
func (d *httpDoer) hand(ctx context.Context, m *boostd.Message, header http.Header) (r boostd.Result, lease time.Duration) {
	body := newPayload(m.Value)
	defer body.drop()
	resp, err := d.post(ctx, header, body, len(m.Value))
	if err != nil {
		return retry(err.Error()), 0
	}
	defer resp.Body.Close()
	lease, _ = leased(resp)
	return d.judge(ctx, resp), lease
}

// post sends a request; its error is a reason.
func (d *httpDoer) post(ctx context.Context, header http.Header, body *payload, length int) (*http.Response, error) {
	if d.token != nil {
		token, err := d.token.Get()
		if err != nil {
			return nil, err
		}
		header["Authorization"] = []string{"Bearer " + token}
	}
	req := (&http.Request{
		Method: http.MethodPost, URL: d.address, Host: d.address.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(length), Body: http.NoBody,
	}).WithContext(ctx)
	if length > 0 {
		req.GetBody = body.open
		req.Body, _ = body.open()
	}
	resp, err := d.transport.RoundTrip(req)
	if err != nil {
		return nil, errors.New(whyNoAnswer(ctx, err))
	}
	return resp, nil
}

// judge turns an answer into a result. The body is read, for the connection's
// sake and since an answer that breaks off may be a service that died before
// it was done; a body longer than maxAnswer is left, and costs the connection.
func (d *httpDoer) judge(ctx context.Context, resp *http.Response) boostd.Result {
	limited := io.LimitReader(resp.Body, maxAnswer)
	start, err := io.ReadAll(io.LimitReader(limited, maxText+1))
	if err == nil {
		_, err = io.Copy(io.Discard, limited)
	}
	status, reason := resp.StatusCode, answered(resp)
	switch {
	case 200 <= status && status < 300:
		if err != nil {
			return retry(reason + ", but not to the end: " + whyNoAnswer(ctx, err))
		}
		return done()
	case 300 <= status && status < 400:
		return dead(reason + ": redirects aren't followed, set http: to the final address")
	}
	if text := printable(start, maxText); text != "" {
		reason += ": " + text
	}
	switch {
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		r := retry(reason)
		r.After = retryAfter(resp.Header.Get("Retry-After"), time.Now())
		return r
	case status == http.StatusUnauthorized && d.token != nil:
		return retry(reason + ": the token in http_options.token_file isn't accepted") // no message's fault
	}
	return dead(reason)
}

// answered names the status of an answer in a reason.
func answered(resp *http.Response) string {
	reason := "answered " + strconv.Itoa(resp.StatusCode)
	if name := http.StatusText(resp.StatusCode); name != "" {
		reason += " " + name
	}
	return reason
}

// retryAfter reads the header of that name: a number of seconds or a date. What
// is neither counts as absent; more than maxAfter is maxAfter.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if text != "" && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return maxAfter // too many digits
		}
		return min(time.Duration(seconds)*time.Second, maxAfter)
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxAfter)
}

// whyNoAnswer says in a few words why a request has no answer. The address
// isn't part of it: its query may be a secret.
func whyNoAnswer(ctx context.Context, err error) string {
	var timeout net.Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return whyEnded(ctx)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.As(err, &name) && name.IsNotFound:
		return "name not found: " + printable([]byte(name.Name), maxText)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timed out while connecting"
	case errors.As(err, &certificate):
		return "certificate refused: " + printable([]byte(certificate.Err.Error()), maxText)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "server closed the connection"
	}
	return "no answer: " + printable(fmt.Append(nil, err), maxText)
}
