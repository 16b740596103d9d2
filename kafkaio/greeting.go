package kafkaio

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// The few requests of Kafka's protocol that show what a listener is.
const (
	keyMetadata         = 3
	keySaslHandshake    = 17
	keyAPIVersions      = 18
	keySaslAuthenticate = 36
)

const (
	errUnsupportedMechanism = 33
	maxAnswer               = 1 << 16
)

// greet asks whether Kafka is there.
func (f *finding) greet(conn net.Conn, withTLS bool) error {
	_, err := ask(conn, keyAPIVersions, 0, nil)
	if err == nil {
		f.kafka, f.withTLS = true, withTLS
	}
	return err
}

// open reports whether the listener answers without a login: one that wants a
// login closes the connection.
func (f *finding) open(conn net.Conn) bool {
	const noTopics = "\x00\x00\x00\x00"
	_, err := ask(conn, keyMetadata, 1, []byte(noTopics))
	return err == nil
}

// askLogin asks for the mechanisms of a listener that wants a login. One that
// doesn't refuses the question.
func (f *finding) askLogin(conn net.Conn, set connectionSettings, withUser bool) {
	answer, err := ask(conn, keySaslHandshake, 1, appendString(nil, set.mechanism))
	if err != nil {
		return
	}
	code, mechanisms, err := parseHandshake(answer)
	f.sasl = err == nil && (code == 0 || code == errUnsupportedMechanism)
	f.mechanisms = mechanisms
	if f.sasl && code == 0 && withUser && strings.HasPrefix(set.mechanism, "SCRAM-") {
		f.user = askUser(conn, set.user)
	}
}

// askUser begins a SCRAM login and goes no further: to a user that it knows the
// broker answers with a salt, and no password has been sent.
func askUser(conn net.Conn, user string) int {
	var nonce [18]byte
	_, _ = rand.Read(nonce[:]) // never fails
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(user)
	first := "n,,n=" + name + ",r=" + base64.RawURLEncoding.EncodeToString(nonce[:])
	body := binary.BigEndian.AppendUint32(nil, uint32(len(first)))
	answer, err := ask(conn, keySaslAuthenticate, 0, append(body, first...))
	if err != nil || len(answer) < 2 {
		return userUnasked
	}
	if binary.BigEndian.Uint16(answer) != 0 {
		return userUnknown
	}
	return userKnown
}

// errHTTP says that the other side is a web server.
var errHTTP = errors.New("it answers in HTTP")

// ask sends one request and returns the body of its answer.
func ask(conn net.Conn, key, version uint16, body []byte) ([]byte, error) {
	const correlation = 1
	request := binary.BigEndian.AppendUint32(nil, 0) // the length, below
	request = binary.BigEndian.AppendUint16(request, key)
	request = binary.BigEndian.AppendUint16(request, version)
	request = binary.BigEndian.AppendUint32(request, correlation)
	request = appendString(request, "boostd-diagnosis")
	request = append(request, body...)
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))
	if _, err := conn.Write(request); err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	var head [8]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if string(head[:4]) == "HTTP" {
		return nil, errHTTP
	}
	size := binary.BigEndian.Uint32(head[:])
	if size < 4 || size > maxAnswer || binary.BigEndian.Uint32(head[4:]) != correlation {
		return nil, errors.New("read answer: it is not Kafka's")
	}
	answer := make([]byte, size-4)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return answer, nil
}

func appendString(to []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(s))), s...)
}

// parseHandshake reads the answer to a SASL handshake: an error code and the
// mechanisms that are enabled.
func parseHandshake(answer []byte) (code uint16, mechanisms []string, err error) {
	if len(answer) < 6 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	code, answer = binary.BigEndian.Uint16(answer), answer[2:]
	count := binary.BigEndian.Uint32(answer)
	for answer = answer[4:]; count > 0; count-- {
		if len(answer) < 2 {
			return code, nil, io.ErrUnexpectedEOF
		}
		n := int(binary.BigEndian.Uint16(answer))
		if answer = answer[2:]; len(answer) < n {
			return code, nil, io.ErrUnexpectedEOF
		}
		mechanisms, answer = append(mechanisms, string(answer[:n])), answer[n:]
	}
	return code, mechanisms, nil
}
