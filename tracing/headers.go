package tracing

import (
	"slices"
	"strings"

	"github.com/kafkaboost/boostd"
)

const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
	// maxParent and maxState bound what is read of a message's headers, in bytes. A
	// longer tracestate counts as absent.
	maxParent = 256
	maxState  = 8 << 10
)

// carrier is the headers of a message as OpenTelemetry's propagator reads them. Names
// match in any case, as W3C's Trace Context asks.
type carrier []boostd.Header

// Get implements propagation.TextMapCarrier. Of several traceparent the last counts, as
// Kafka's own clients read repeated headers; several tracestate are one list.
func (c carrier) Get(name string) string {
	if name == tracestate {
		return c.state()
	}
	for _, h := range slices.Backward(c) {
		if len(h.Key) == len(name) && strings.EqualFold(h.Key, name) {
			if len(h.Value) > maxParent {
				return ""
			}
			return string(h.Value)
		}
	}
	return ""
}

func (c carrier) state() string {
	var parts []string
	size := 0
	for n := range c {
		if len(c[n].Key) == len(tracestate) && strings.EqualFold(c[n].Key, tracestate) {
			if size += len(c[n].Value); size > maxState {
				return ""
			}
			parts = append(parts, string(c[n].Value))
		}
	}
	return strings.Join(parts, ",")
}

// Set implements propagation.TextMapCarrier, and isn't used to read.
func (c carrier) Set(string, string) {}

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string { return []string{traceparent, tracestate} }

// rewritten is the headers of a message with another trace context in them.
type rewritten struct{ headers []boostd.Header }

// rewrite copies all headers but those of the trace context.
func rewrite(headers []boostd.Header) *rewritten {
	w := &rewritten{make([]boostd.Header, 0, len(headers)+2)}
	for _, h := range headers {
		if !ofTrace(h.Key) {
			w.headers = append(w.headers, h)
		}
	}
	return w
}

func ofTrace(key string) bool {
	switch len(key) {
	case len(traceparent):
		return strings.EqualFold(key, traceparent)
	case len(tracestate):
		return strings.EqualFold(key, tracestate)
	}
	return false
}

// Get implements propagation.TextMapCarrier, and isn't used to write.
func (w *rewritten) Get(string) string { return "" }

// Set implements propagation.TextMapCarrier.
func (w *rewritten) Set(name, value string) {
	w.headers = append(w.headers, boostd.Header{Key: name, Value: []byte(value)})
}

// Keys implements propagation.TextMapCarrier.
func (w *rewritten) Keys() []string { return nil }
