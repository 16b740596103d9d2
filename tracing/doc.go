// Package tracing makes a span of every attempt to handle a message, and lets the
// handler and whoever it calls go on with the message's trace.
//
// It owns the section tracing of boostd.yaml, the spans, the headers traceparent and
// tracestate of the messages that handlers see, and the way to the collector. It
// doesn't own the handlers, nor what their results mean: it stands between who hands
// out work and who does it, and changes nothing on the way but those two headers.
//
// Nothing here ever waits for the collector but Close: spans for which there is no
// room are dropped, counted and told.
//
// Of OpenTelemetry's environment variables OTEL_RESOURCE_ATTRIBUTES alone counts.
package tracing
