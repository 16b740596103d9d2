package plugins

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// What an HTTP service is told about a message beside the value, which is the
// request's body.
//
//	Boostd-Topic       the topic's name
//	Boostd-Partition   decimal
//	Boostd-Offset      decimal
//	Boostd-Level       decimal: the message's priority
//	Boostd-Attempt     decimal, from 1
//	Boostd-Timestamp   when it was produced: RFC 3339, UTC, up to nanoseconds;
//	                   absent when nobody knows
//	Boostd-Key         the key, when it is plain; absent when there is none
//	Boostd-Key-B64     instead of it: any other key, in base64
//	Boostd-Header-N    the value of the message header N, when N is a token of
//	                   HTTP and the value is plain; repeated headers of one
//	                   name keep their order. HTTP doesn't keep the case of N.
//	Boostd-Header-B64  any other message header, one line each: the name in
//	                   base64, then, unless the value is null, a dot and the
//	                   value in base64
//	traceparent,       W3C's Trace Context of the message, where it has a valid one
//	tracestate         (tracecontext.go)
//	Boostd-Tombstone   "true" when the message has no value; the body is empty
//	Content-Type       application/json for a value that is a JSON object or
//	                   array, application/octet-stream for any other
//
// Plain is printable ASCII without a space at either end: what every server
// reads as it was written. Base64 is the standard alphabet with padding.
const (
	headerPrefix = "Boostd-Header-"
	headerB64    = "Boostd-Header-B64"
)

func requestHeader(m *boostd.Message) http.Header {
	h := make(http.Header, 10+len(m.Headers))
	h["User-Agent"] = []string{"boostd"}
	h["Boostd-Topic"] = []string{m.Topic}
	h["Boostd-Partition"] = []string{strconv.Itoa(int(m.Partition))}
	h["Boostd-Offset"] = []string{strconv.FormatInt(m.Offset, 10)}
	h["Boostd-Level"] = []string{strconv.Itoa(int(m.Level))}
	h["Boostd-Attempt"] = []string{strconv.Itoa(m.Attempt)}
	if !m.ProducedAt.IsZero() {
		h["Boostd-Timestamp"] = []string{m.ProducedAt.UTC().Format(time.RFC3339Nano)}
	}
	switch {
	case m.Key == nil:
	case plain(m.Key):
		h["Boostd-Key"] = []string{string(m.Key)}
	default:
		h["Boostd-Key-B64"] = []string{base64.StdEncoding.EncodeToString(m.Key)}
	}
	if m.Value == nil {
		h["Boostd-Tombstone"] = []string{"true"}
	} else {
		h["Content-Type"] = []string{contentType(m.Value)}
	}
	for i := range m.Headers {
		addMessageHeader(h, &m.Headers[i])
	}
	addTraceContext(h, m)
	return h
}

func addMessageHeader(h http.Header, mh *boostd.Header) {
	if mh.Value != nil && plain(mh.Value) && token(mh.Key) && !strings.EqualFold(mh.Key, "B64") {
		h.Add(headerPrefix+mh.Key, string(mh.Value))
		return
	}
	h[headerB64] = append(h[headerB64], headerB64Text(mh))
}

// headerB64Text is a message header of which nothing is left out.
func headerB64Text(mh *boostd.Header) string {
	text := base64.StdEncoding.EncodeToString([]byte(mh.Key))
	if mh.Value != nil {
		text += "." + base64.StdEncoding.EncodeToString(mh.Value)
	}
	return text
}

// contentType looks at the whole value only when it begins like an object or
// an array, so that other values cost nothing.
func contentType(value []byte) string {
	if start := bytes.TrimLeft(value, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[') && json.Valid(start) {
		return "application/json"
	}
	return "application/octet-stream"
}

func plain(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) == 0 || b[0] != ' ' && b[len(b)-1] != ' '
}

// token reports whether a name is a token of RFC 9110 section 5.6.2.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
