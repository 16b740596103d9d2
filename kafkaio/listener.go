package kafkaio

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// What a broker's certificate is, and what is known of a user there.
const (
	certificateGood = iota
	certificateUntrusted
	certificateName
	certificateExpired
	certificateBad
)

const (
	userUnasked = iota
	userKnown
	userUnknown
)

// finding is what was seen at a broker's address.
type finding struct {
	unreachable cause // causeUnknown: it was reached
	http        bool
	// kafka says that something answered in Kafka's protocol, with TLS and SASL or
	// without.
	kafka, withTLS, sasl bool
	mechanisms           []string
	// asked says that a client's certificate was asked for, wantsCertificate that
	// nothing goes without.
	asked, wantsCertificate bool
	user                    int

	certificate int
	issuer, why string
	names       []string
	from, until time.Time
}

// protocol is what the listener speaks, as security.protocol names it.
func (f *finding) protocol() string {
	name := "plaintext"
	if f.withTLS {
		name = "ssl"
	}
	if f.sasl {
		name = "sasl_" + name
	}
	return name
}

// usable reports whether a client with these settings would get as far as the
// login.
func (f *finding) usable(set connectionSettings) bool {
	if f.wantsCertificate && set.clientCertificate && set.tls() {
		return true // as far as can be seen without it
	}
	return f.kafka && f.protocol() == set.protocol && (!set.verify || f.certificate == certificateGood) &&
		(!f.sasl || slices.Contains(f.mechanisms, set.mechanism))
}

const (
	// examineLimit bounds a look at one address.
	examineLimit = 2 * time.Second
	// examineOther is when the other way, with TLS or without, is tried too: some
	// brokers close what they don't understand, others wait for more of it.
	examineOther = 500 * time.Millisecond
	// examineClosed is how much longer the other way may take once the first was
	// closed: somebody is there, so that what they speak is worth more patience. A
	// trouble is still told within 5 s.
	examineClosed = 3500 * time.Millisecond
)

// examine looks at an address as a client would, without a password: is it
// reached, does it speak TLS, is its certificate good, does it speak Kafka, does
// it want SASL. withUser also asks, where SCRAM allows that, whether it knows
// the user.
func examine(ctx context.Context, address string, set connectionSettings, withUser bool) *finding {
	ctx, cancel := context.WithCancel(ctx)
	limit := time.AfterFunc(examineLimit, cancel)
	defer limit.Stop()
	var tries sync.WaitGroup
	defer tries.Wait()
	defer cancel()
	found := make(chan *finding, 2)
	try := func(withTLS bool) {
		tries.Go(func() {
			f := &finding{}
			f.unreachable = f.try(ctx, address, set, withTLS, withUser)
			found <- f
		})
	}
	try(set.tls())
	other := time.NewTimer(examineOther)
	defer other.Stop()
	var first *finding
	select {
	case first = <-found:
		if first.unreachable != causeClosed {
			return first
		}
	case <-other.C:
	}
	try(!set.tls())
	if first == nil {
		if first = <-found; first.unreachable == causeUnknown {
			return first
		}
	}
	if first.unreachable == causeClosed {
		limit.Reset(examineClosed)
	}
	if second := <-found; second.unreachable < first.unreachable { // it answers, or has closed at least
		return second
	}
	return first
}

// try is one kind of connection. It returns why nothing came of it: a port that
// speaks TLS and one that doesn't close what the other would understand.
func (f *finding) try(ctx context.Context, address string, set connectionSettings, withTLS, withUser bool) cause {
	conn, err := f.connect(ctx, address, set, withTLS)
	if conn == nil {
		return max(networkCause(err), causeSilent)
	}
	defer conn.Close()
	if err == nil {
		err = f.greet(conn, withTLS)
	}
	if err != nil {
		return f.excuse(ctx, err)
	}
	if !set.sasl() {
		if f.open(conn) {
			return causeUnknown
		}
		if conn, err = f.connect(ctx, address, set, withTLS); err != nil {
			return causeUnknown
		}
		defer conn.Close()
	}
	f.askLogin(conn, set, withUser)
	return causeUnknown
}

// connect dials and, with TLS, shakes hands. Without a connection the network is
// why, with one the handshake.
func (f *finding) connect(ctx context.Context, address string, set connectionSettings, withTLS bool) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	if !withTLS {
		return conn, nil
	}
	return f.handshake(ctx, conn, address, set)
}

// excuse is why a connection that was made came to nothing, if it did.
func (f *finding) excuse(ctx context.Context, err error) cause {
	switch {
	case err == nil:
		return causeUnknown
	case errors.Is(err, errHTTP):
		f.http = true
		return causeUnknown
	case ctx.Err() != nil:
		return causeSilent
	case f.asked:
		f.wantsCertificate = true
		return causeUnknown
	}
	return causeClosed
}

func networkCause(err error) cause {
	var name *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &name):
		return causeNoName
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return causeSilent
	case errors.Is(err, syscall.ECONNREFUSED):
		return causeRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return causeNoRoute
	}
	return causeUnknown
}

// handshake returns the connection with TLS. It accepts every certificate, to
// see what is wrong with it.
func (f *finding) handshake(ctx context.Context, conn net.Conn, address string, set connectionSettings) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	//nolint:gosec // nothing secret is sent: the certificate is judged by judge
	secured := tls.Client(conn, &tls.Config{ServerName: host, InsecureSkipVerify: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			f.asked = true
			return &tls.Certificate{}, nil
		}})
	err = secured.HandshakeContext(ctx)
	if certificates := secured.ConnectionState().PeerCertificates; len(certificates) > 0 {
		f.judge(certificates, host, set, time.Now())
	}
	if err != nil {
		return conn, fmt.Errorf("shake hands: %w", err)
	}
	return secured, nil
}

// judge verifies what the broker shows, with the authorities and the names that
// the client goes by.
func (f *finding) judge(shown []*x509.Certificate, host string, set connectionSettings, now time.Time) {
	leaf := shown[0]
	f.issuer, f.from, f.until = leaf.Issuer.CommonName, leaf.NotBefore, leaf.NotAfter
	if f.issuer == "" {
		f.issuer = leaf.Issuer.String()
	}
	f.names = append([]string{}, leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		f.names = append(f.names, ip.String())
	}
	roots, err := set.pool()
	if err != nil {
		f.certificate, f.why = certificateBad, err.Error()
		return
	}
	between := x509.NewCertPool()
	for _, c := range shown[1:] {
		between.AddCert(c)
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now})
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		f.certificate = certificateExpired
	case errors.As(err, &unknown):
		f.certificate = certificateUntrusted
	case err != nil:
		f.certificate, f.why = certificateBad, err.Error()
	case set.names && leaf.VerifyHostname(host) != nil:
		f.certificate = certificateName
	}
}
