package configwatch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
	"unicode"
)

const maxText = 300

// unreachable says in a person's words why a server gave no whole answer within a
// Read of that length. There is no address in the text: one may have secrets in
// it.
func unreachable(ctx context.Context, err error, within time.Duration) string {
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var network net.Error
	switch {
	case errors.Is(err, errTooMuch):
		return errTooMuch.Error()
	case isUnknownHost(err):
		return "the host isn't known: look for a slip in its name, and at this machine's DNS"
	case errors.As(err, &certificate):
		return "the server's certificate isn't accepted: " + short(x509Text(certificate))
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "what answers there doesn't speak TLS: look at the port and the scheme"
	case errors.As(err, &alert):
		return "the server refuses the TLS connection: " + short(alert.Error())
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused: does the server run, and on this port?"
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("no whole answer within %v: is the server, or the way to it, overloaded?", within)
	case errors.As(err, &network) && network.Timeout():
		return "the server doesn't answer in time: is it, or the way to it, overloaded or blocked?"
	case isCut(err):
		return "the connection was cut before the answer was whole: nothing to do here, unless it stays"
	}
	return "no answer: " + short(innermost(err))
}

// wrap lets a caller who has ended the Read see that.
func wrap(ctx context.Context, text string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return errors.New(text)
}

func isCut(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func isUnknownHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// isUntrusted tells a certificate that may be good, but whose signer isn't known.
func isUntrusted(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

func x509Text(err *tls.CertificateVerificationError) string {
	if isUntrusted(err) {
		return "it is signed by nobody whom this machine trusts"
	}
	return err.Err.Error()
}

// innermost is the text of the first cause: those round it repeat addresses.
func innermost(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

// short is a text from outside, on one line and not longer than a person reads.
func short(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
