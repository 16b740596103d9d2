package tracing

import (
	"context"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/kafkaboost/boostd"
)

// What a span says beyond OpenTelemetry's conventions for messaging.
const (
	attrHandler = attribute.Key("boostd.handler")
	attrLevel   = attribute.Key("boostd.level")
	attrAttempt = attribute.Key("boostd.attempt")
	// attrWait is the time from the fetch to this attempt's start, in milliseconds: what
	// earlier attempts took, and the wait between them, is part of it.
	attrWait    = attribute.Key("boostd.wait_ms")
	attrOutcome = attribute.Key("boostd.outcome")

	operation = "handle"
	// maxKey is the longest key that is shown, in bytes.
	maxKey = 200
)

// attempt is a message that a handler has, and its span.
type attempt struct {
	message  boostd.Message // the handler's
	original *boostd.Message
	span     trace.Span
	began    time.Time // of a span that is recorded
}

var consumer = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer)}

// begin starts the attempt of a message; nil where there is no trace to go on with and
// none to begin.
func (t *Tracer) begin(m *boostd.Message) *attempt {
	ctx := propagation.TraceContext{}.Extract(context.Background(), carrier(m.Headers))
	if !t.begins && !trace.SpanContextFromContext(ctx).IsValid() {
		return nil
	}
	a := &attempt{original: m, message: *m}
	ctx, a.span = t.tracer.Start(ctx, operation+" "+m.Topic, consumer...) //nolint:spancheck // Tracer.end ends it
	headers := rewrite(m.Headers)
	propagation.TraceContext{}.Inject(ctx, headers)
	a.message.Headers = headers.headers
	if a.span.IsRecording() {
		a.began = time.Now()
	}
	return a
}

// end ends the attempt's span with what became of it. One that was released has failed
// nothing: it never was, and the message comes again.
func (t *Tracer) end(handler string, a *attempt, r boostd.Result) {
	if a.span.IsRecording() {
		failed := r.Outcome != boostd.Done && r.Outcome != boostd.Released
		if failed {
			a.span.SetStatus(codes.Error, oneLine(r.Reason))
		}
		a.span.SetAttributes(t.attributes(handler, a, r.Outcome.String(), failed)...) // at once: each call copies them all
	}
	a.span.End()
}

// attributes are what a span says. No payload is among them.
func (t *Tracer) attributes(handler string, a *attempt, outcome string, failed bool) []attribute.KeyValue {
	m := a.original
	all := append(make([]attribute.KeyValue, 0, 16),
		semconv.MessagingSystemKafka,
		semconv.MessagingOperationName(operation),
		semconv.MessagingOperationTypeProcess,
		semconv.MessagingDestinationName(m.Topic),
		semconv.MessagingDestinationPartitionID(strconv.Itoa(int(m.Partition))),
		semconv.MessagingKafkaOffset(int(m.Offset)),
		attrHandler.String(handler),
		attrLevel.Int(int(m.Level)),
		attrAttempt.Int(m.Attempt),
		attrOutcome.String(outcome),
	)
	if failed {
		all = append(all, semconv.ErrorTypeKey.String(outcome))
	}
	if t.group != nil {
		all = append(all, semconv.MessagingConsumerGroupName(t.group(m.Topic)))
	}
	if !m.FetchedAt.IsZero() {
		all = append(all, attrWait.Float64(float64(a.began.Sub(m.FetchedAt))/float64(time.Millisecond)))
	}
	if m.Value == nil {
		all = append(all, semconv.MessagingKafkaMessageTombstone(true))
	}
	if t.keys && m.Key != nil && showable(m.Key) {
		all = append(all, semconv.MessagingKafkaMessageKey(string(m.Key)))
	}
	return all
}

// showable reports whether a key may stand in a span as it is.
func showable(key []byte) bool {
	if len(key) > maxKey || !utf8.Valid(key) {
		return false
	}
	for _, r := range string(key) {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
