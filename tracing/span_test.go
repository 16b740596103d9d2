package tracing

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/kafkaboost/boostd"
)

func TestTraceContext(t *testing.T) {
	for name, c := range map[string]struct {
		sample  string
		headers []boostd.Header
		span    bool   // there is one
		trace   string // of the span and of what the handler sees; "new", or "" for what came
		flags   string
		parent  string // of the span
		state   string // what the handler sees
		rest    string
	}{
		"a trace goes on":                {"0", []boostd.Header{header("a", "1"), header("traceparent", parent), header("b", "2")}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "", "a=1 b=2"},
		"with its state":                 {"0", []boostd.Header{header("traceparent", parent), header("tracestate", "x=1,y=2")}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "x=1,y=2", ""},
		"a state in two headers":         {"0", []boostd.Header{header("tracestate", "x=1"), header("traceparent", parent), header("tracestate", "y=2")}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "x=1,y=2", ""},
		"a state that is none":           {"0", []boostd.Header{header("traceparent", parent), header("tracestate", "\x00")}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "", ""},
		"a state too large":              {"0", []boostd.Header{header("traceparent", parent), header("tracestate", "x="+strings.Repeat("a", maxState))}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "", ""},
		"in capitals":                    {"0", []boostd.Header{header("Traceparent", parent), header("TraceState", "x=1")}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "x=1", ""},
		"of two the last":                {"0", []boostd.Header{header("traceparent", otherTrace), header("traceparent", parent)}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "", ""},
		"a trace that isn't sampled":     {"1", []boostd.Header{header("traceparent", unsampled)}, false, "0af7651916cd43dd8448eb211c80319c", "00", "", "", ""},
		"none, all are sampled":          {"1", []boostd.Header{header("a", "1")}, true, "new", "01", "0000000000000000", "", "a=1"},
		"none, and hardly any sampled":   {"1e-18", []boostd.Header{header("a", "1")}, false, "new", "00", "", "", "a=1"},
		"none, and none begins":          {"0", []boostd.Header{header("a", "1")}, false, "", "", "", "", "a=1"},
		"broken, and none begins":        {"0", []boostd.Header{header("traceparent", "00-x")}, false, "", "", "", "", "traceparent=00-x"},
		"broken, and a new one begins":   {"1", []boostd.Header{header("traceparent", "00-x"), header("tracestate", "x=1")}, true, "new", "01", "0000000000000000", "", ""},
		"zeros are no trace":             {"1", []boostd.Header{header("traceparent", "00-"+strings.Repeat("0", 32)+"-b7ad6b7169203331-01")}, true, "new", "01", "0000000000000000", "", ""},
		"endless":                        {"1", []boostd.Header{header("traceparent", "01-"+parent[3:]+"-"+strings.Repeat("a", 1<<20))}, true, "new", "01", "0000000000000000", "", ""},
		"a version that is to come":      {"0", []boostd.Header{header("traceparent", "01-"+parent[3:]+"-more")}, true, "0af7651916cd43dd8448eb211c80319c", "01", "b7ad6b7169203331", "", ""},
		"null":                           {"1", []boostd.Header{{Key: "traceparent"}}, true, "new", "01", "0000000000000000", "", ""},
		"one of the same length is kept": {"1", []boostd.Header{header("tracestats", "x"), header("traceparena", "y")}, true, "new", "01", "0000000000000000", "", "tracestats=x traceparena=y"},
	} {
		t.Run(name, func(t *testing.T) {
			tracer, spans := traced(t, Config{Endpoint: "http://127.0.0.1:1", Sample: c.sample}, Options{})
			m := message(c.headers...)
			before := fmt.Sprintf("%+v", *m)
			var seen boostd.Message
			tracer.Wrap("h", each(func(m *boostd.Message) boostd.Result { seen = *m; return done(m) })).Handle(t.Context(), &given{messages: []*boostd.Message{m}})
			if after := fmt.Sprintf("%+v", *m); after != before {
				t.Errorf("the message has changed:\n%s\n%s", before, after)
			}
			all := spans()
			if (len(all) == 1) != c.span || len(all) > 1 {
				t.Fatalf("%d spans", len(all))
			}
			if c.trace == "" {
				if got := text(seen.Headers); got != c.rest {
					t.Errorf("the handler sees %q, want %q", got, c.rest)
				}
				return
			}
			if got := text(slices.DeleteFunc(slices.Clone(seen.Headers), func(h boostd.Header) bool { return ofTrace(h.Key) })); got != c.rest {
				t.Errorf("beside the trace the handler sees %q, want %q", got, c.rest)
			}
			checkSeen(t, seen.Headers, c.trace, c.flags, c.state, all)
			if c.span && all[0].Parent.SpanID().String() != c.parent {
				t.Errorf("the parent is %s, want %s", all[0].Parent.SpanID(), c.parent)
			}
		})
	}
}

// checkSeen checks the trace context that a handler sees.
func checkSeen(t *testing.T, headers []boostd.Header, id, flags, state string, spans tracetest.SpanStubs) {
	t.Helper()
	values := map[string][]string{}
	for _, h := range headers {
		values[h.Key] = append(values[h.Key], string(h.Value))
	}
	if n := len(values[traceparent]); n != 1 {
		t.Fatalf("the handler sees %d traceparent", n)
	}
	parts := strings.Split(values[traceparent][0], "-")
	if len(parts) != 4 || parts[0] != "00" || parts[3][1] != flags[1] && flags == "00" {
		t.Fatalf("the handler sees %q", values[traceparent][0])
	}
	if id != "new" && parts[1] != id || parts[1] == strings.Repeat("0", 32) || parts[2] == "b7ad6b7169203331" || parts[2] == strings.Repeat("0", 16) {
		t.Errorf("the handler sees %q, want another span of trace %s", values[traceparent][0], id)
	}
	if sampled := parts[3] == "01" || parts[3] == "03"; sampled != (flags == "01") {
		t.Errorf("the handler sees %q, want the flags %s", values[traceparent][0], flags)
	}
	if got := strings.Join(values[tracestate], "|"); got != state {
		t.Errorf("the handler sees the state %q, want %q", got, state)
	}
	if len(spans) == 1 && (spans[0].SpanContext.TraceID().String() != parts[1] || spans[0].SpanContext.SpanID().String() != parts[2]) {
		t.Errorf("the handler sees %s, the span is %s-%s", values[traceparent][0], spans[0].SpanContext.TraceID(), spans[0].SpanContext.SpanID())
	}
}

func TestWhatASpanSays(t *testing.T) {
	for name, c := range map[string]struct {
		result boostd.Result
		status codes.Code
		text   string
		kind   string // error.type
	}{
		"done":            {boostd.Result{Outcome: boostd.Done}, codes.Unset, "", ""},
		"retry":           {boostd.Result{Outcome: boostd.Retry, Reason: "no stock", After: time.Second}, codes.Error, "no stock", "retry"},
		"dead":            {boostd.Result{Outcome: boostd.Dead, Reason: "no such\ncustomer \xff"}, codes.Error, "no such customer ?", "dead"},
		"a long reason":   {boostd.Result{Outcome: boostd.Dead, Reason: strings.Repeat("é", 400)}, codes.Error, strings.Repeat("é", 200) + "…", "dead"},
		"it was released": {boostd.Result{Outcome: boostd.Released, Reason: "plugin ended"}, codes.Unset, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tracer, spans := traced(t, Config{Sample: "1"}, Options{Group: func(topic string) string { return "g of " + topic }})
			w := &given{messages: []*boostd.Message{message()}}
			tracer.Wrap("billing", each(func(*boostd.Message) boostd.Result { return c.result })).Handle(t.Context(), w)
			if len(w.reported) != 1 || w.reported[0] != w.messages[0] || w.results[0] != c.result {
				t.Errorf("reported %v as %v", w.reported, w.results)
			}
			all := spans()
			if len(all) != 1 {
				t.Fatalf("%d spans", len(all))
			}
			s := all[0]
			if s.Name != "handle orders_9" || s.SpanKind != trace.SpanKindConsumer || s.Status != (sdktrace.Status{Code: c.status, Description: c.text}) {
				t.Errorf("the span is %q, of kind %v, with status %+v", s.Name, s.SpanKind, s.Status)
			}
			got := attributes(s)
			if ms := got[attrWait].AsFloat64(); ms < 50 || ms > 60_000 {
				t.Errorf("it waited %v ms, want at least 50", ms)
			}
			delete(got, attrWait)
			want := map[attribute.Key]attribute.Value{
				"messaging.system":                   attribute.StringValue("kafka"),
				"messaging.operation.name":           attribute.StringValue("handle"),
				"messaging.operation.type":           attribute.StringValue("process"),
				"messaging.destination.name":         attribute.StringValue("orders_9"),
				"messaging.destination.partition.id": attribute.StringValue("3"),
				"messaging.kafka.offset":             attribute.IntValue(1042),
				"messaging.consumer.group.name":      attribute.StringValue("g of orders_9"),
				"boostd.handler":                     attribute.StringValue("billing"),
				"boostd.level":                       attribute.IntValue(9),
				"boostd.attempt":                     attribute.IntValue(2),
				"boostd.outcome":                     attribute.StringValue(c.result.Outcome.String()),
			}
			if c.kind != "" {
				want["error.type"] = attribute.StringValue(c.kind)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("it says\n%v, want\n%v", got, want)
			}
		})
	}
}

func TestKeysAreShownWhereAskedFor(t *testing.T) {
	for _, c := range []struct {
		keys bool
		key  []byte
		want bool
	}{
		{false, []byte("k1"), false},
		{true, []byte("k1"), true},
		{true, []byte("Käse 1"), true},
		{true, []byte{}, true},
		{true, nil, false},
		{true, []byte("a\x00"), false},
		{true, []byte("a\nb"), false},
		{true, []byte{0xff, 0xfe}, false},
		{true, []byte("a\u202eb"), false},
		{true, []byte(strings.Repeat("k", maxKey)), true},
		{true, []byte(strings.Repeat("k", maxKey+1)), false},
	} {
		tracer, spans := traced(t, Config{Sample: "1", Keys: c.keys}, Options{})
		m := message()
		m.Key, m.Value = c.key, nil
		tracer.Wrap("h", each(done)).Handle(t.Context(), &given{messages: []*boostd.Message{m}})
		got := attributes(spans()[0])
		if v, ok := got["messaging.kafka.message.key"]; ok != c.want || ok && v.AsString() != string(c.key) {
			t.Errorf("keys %v: %q is shown as %v (%v)", c.keys, c.key, v.AsString(), ok)
		}
		if !got["messaging.kafka.message.tombstone"].AsBool() {
			t.Error("it doesn't say that there is no value")
		}
	}
}

func TestSampling(t *testing.T) {
	const n = 4000
	for sample, within := range map[string][2]int{"0": {0, 0}, "1e-18": {0, 0}, "0.25": {n / 5, n * 3 / 10}, "1": {n, n}} {
		tracer, spans := traced(t, Config{Sample: sample}, Options{})
		w := &given{}
		for range n {
			w.messages = append(w.messages, message())
		}
		tracer.Wrap("h", each(done)).Handle(t.Context(), w)
		if got := len(spans()); got < within[0] || got > within[1] {
			t.Errorf("of %d messages %d have spans with sample %s, want %v", n, got, sample, within)
		}
		if len(w.reported) != n || !slices.Equal(w.reported, w.messages) {
			t.Errorf("sample %s: the worker doesn't have its own messages back", sample)
		}
	}
}
