package plugins

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/kafkaboost/boostd"
)

// The headers of W3C's Trace Context, which an HTTP service's own tracing reads: those of
// the message, where its traceparent is a valid one. They come beside Boostd-Header-N.
const (
	traceparent = "Traceparent"
	tracestate  = "Tracestate"
	// maxTracestate bounds what a request is given, in bytes; more is left out, as the
	// standard allows.
	maxTracestate = 8 << 10
)

// addTraceContext lets the request belong to the message's trace. Of several
// traceparent the last counts.
func addTraceContext(h http.Header, m *boostd.Message) {
	var parent []byte
	var states []string
	size := 0
	for i := range m.Headers {
		mh := &m.Headers[i]
		switch {
		case len(mh.Key) == len(traceparent) && strings.EqualFold(mh.Key, traceparent):
			parent = mh.Value
		case len(mh.Key) == len(tracestate) && strings.EqualFold(mh.Key, tracestate) && plain(mh.Value):
			if size += len(mh.Value); size <= maxTracestate {
				states = append(states, string(mh.Value))
			}
		}
	}
	if !validParent(parent) {
		return
	}
	h[traceparent] = []string{string(parent)}
	if len(states) > 0 && size <= maxTracestate {
		h[tracestate] = states
	}
}

// maxParent bounds a traceparent of a version that is to come, in bytes.
const maxParent = 256

// validParent reports whether a traceparent is one: version, trace, span and flags in
// lower-case hexadecimal digits, of which neither trace nor span is zero. Later versions
// may have more behind them.
func validParent(p []byte) bool {
	const length = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if len(p) < length || len(p) > maxParent || !plain(p) {
		return false
	}
	version, trace, span, flags := p[:2], p[3:35], p[36:52], p[53:length]
	switch {
	case p[2] != '-' || p[35] != '-' || p[52] != '-':
	case !hexadecimal(version) || !hexadecimal(trace) || !hexadecimal(span) || !hexadecimal(flags):
	case string(version) == "ff" || zeros(trace) || zeros(span):
	case len(p) == length:
		return true
	default:
		return string(version) != "00" && p[length] == '-'
	}
	return false
}

func hexadecimal(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "0")) == 0 }
