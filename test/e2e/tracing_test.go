package e2e

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kafkaboost/boostd/test/rig"
)

const (
	givenTrace  = "0af7651916cd43dd8448eb211c80319c"
	givenSpan   = "b7ad6b7169203331"
	givenParent = "00-" + givenTrace + "-" + givenSpan + "-01"
	givenState  = "vendor=opaque"
)

// collector takes spans over OTLP and HTTP.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*tracepb.Span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		request := &collectorpb.ExportTraceServiceRequest{}
		if err == nil {
			err = proto.Unmarshal(body, request)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL, err)
			http.Error(w, "no spans", http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, from := range request.ResourceSpans {
			for _, scope := range from.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// got are the spans so far, in the order of their starts.
func (c *collector) got() []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(slices.Values(c.spans), func(a, b *tracepb.Span) int { return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano)) })
}

func attribute(s *tracepb.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			if text := a.Value.GetStringValue(); text != "" {
				return text
			}
			return fmt.Sprint(a.Value.GetIntValue())
		}
	}
	return ""
}

// A trace that begins in the application goes through Kafka and boostd to the service:
// each attempt has a span below the application's, and the service gets that span as
// its parent. A message without a trace begins one.
func TestTraceGoesThrough(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		traces := newCollector(t)
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request, got request) {
			if string(got.body) == "traced" && got.attempt == 1 {
				http.Error(w, "no stock", http.StatusServiceUnavailable)
			}
		})
		s := rig.New(t, c, rig.Options{Min: 8, Partitions: 1, Handler: `http: "` + svc.URL + `", retry: {backoff: 1ms}`,
			Extra: `tracing: {endpoint: "` + traces.URL + `", sample: 1, service: orders, keys: true}`})
		produce := func(args ...string) {
			p, code := rig.Boostd(t, append([]string{"produce", s.Base, "-c", s.Path()}, args...)...)
			exits(t, p, code, 0)
		}
		produce("traced", "--priority", "9", "--key", "k-1", "--header", "traceparent="+givenParent, "--header", "tracestate="+givenState)
		produce("untraced")
		// What the application has set is in Kafka as it was.
		want := []string{"orders  untraced priority=0", "orders_9 k-1 traced traceparent=" + givenParent + " tracestate=" + givenState + " priority=9"}
		if got := written(t, s); !slices.Equal(got, want) {
			t.Errorf("written is\n%q, want\n%q", got, want)
		}
		_, stop := s.Start(t)
		rig.Eventually(t, "three attempts", func() bool { return svc.count() == 3 })
		stop() // which sends what waits
		spans := traces.got()
		if len(spans) != 3 {
			t.Fatalf("%d spans, want 3", len(spans))
		}
		parents := map[string]request{} // by the span that the service was given
		svc.mu.Lock()
		defer svc.mu.Unlock()
		for _, r := range svc.got {
			if len(r.Values("Traceparent")) != 1 || r.Get("Traceparent") != r.Get("Boostd-Header-Traceparent") {
				t.Errorf("the service got traceparent %q, and of the message %q", r.Values("Traceparent"), r.Values("Boostd-Header-Traceparent"))
			}
			parents[strings.Split(r.Get("Traceparent")+"---", "-")[2]] = r
		}
		for n, span := range spans {
			r, ok := parents[hex.EncodeToString(span.SpanId)]
			if !ok {
				t.Fatalf("the service has no request below span %x, but below %v", span.SpanId, parents)
			}
			checkTrace(t, s, span, r)
			if got := attribute(span, "boostd.attempt"); got != fmt.Sprint(r.attempt) {
				t.Errorf("span %d is of attempt %s, the request of %d", n, got, r.attempt)
			}
		}
	})
}

// checkTrace checks a span against the request that was made in it.
func checkTrace(t *testing.T, s *rig.Setup, span *tracepb.Span, r request) {
	t.Helper()
	trace, parent, state := givenTrace, givenSpan, givenState
	topic, group, level, key := s.Base+"_9", s.Group+"_priority_9", "9", "k-1"
	if string(r.body) == "untraced" {
		trace, parent, state = hex.EncodeToString(span.TraceId), "", ""
		topic, group, level, key = s.Base, s.Group+"_base", "0", ""
		if trace == givenTrace {
			t.Error("the message without a trace has the other's")
		}
	}
	if !strings.HasPrefix(r.Get("Traceparent"), "00-"+trace+"-") || r.Get("Tracestate") != state {
		t.Errorf("the service got %q with %q, want trace %s with %q", r.Get("Traceparent"), r.Get("Tracestate"), trace, state)
	}
	if hex.EncodeToString(span.TraceId) != trace || hex.EncodeToString(span.ParentSpanId) != parent || span.Kind != tracepb.Span_SPAN_KIND_CONSUMER {
		t.Errorf("the span is of trace %x below %x, want %s below %s", span.TraceId, span.ParentSpanId, trace, parent)
	}
	for key, want := range map[string]string{
		"messaging.system": "kafka", "messaging.destination.name": topic, "messaging.consumer.group.name": group,
		"messaging.kafka.message.key": key, "boostd.level": level, "boostd.handler": "work",
	} {
		if got := attribute(span, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	failed := string(r.body) == "traced" && r.attempt == 1
	if got := span.GetStatus(); (got.GetCode() == tracepb.Status_STATUS_CODE_ERROR) != failed || failed && !strings.Contains(got.GetMessage(), "no stock") {
		t.Errorf("attempt %d of %s has the status %v", r.attempt, r.body, got)
	}
}

// Without the section there are no spans, whatever the environment says; a trace in
// the message reaches the service as it came.
func TestNoTracing(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		traces := newCollector(t)
		svc := serve(t, nil)
		s := rig.New(t, c, rig.Options{Min: 8, Handler: `http: "` + svc.URL + `"`})
		p, code := rig.Boostd(t, "produce", s.Base, "-c", s.Path(), "x", "--header", "traceparent="+givenParent)
		exits(t, p, code, 0)
		daemon := s.SpawnWith(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + traces.URL, "OTEL_TRACES_EXPORTER=otlp", "OTEL_TRACES_SAMPLER=always_on"})
		rig.Eventually(t, "the message is handled", func() bool { return svc.count() == 1 })
		exits(t, daemon, daemon.Terminate(), 0)
		svc.mu.Lock()
		defer svc.mu.Unlock()
		if got := svc.got[0].Get("Traceparent"); got != givenParent {
			t.Errorf("the service got traceparent %q, want the message's", got)
		}
		if n := len(traces.got()); n > 0 {
			t.Errorf("%d spans were sent", n)
		}
	})
}

// A collector that isn't there, or that never answers, holds up neither messages nor
// the end.
func TestCollectorAway(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		for name, endpoint := range map[string]string{
			"nobody listens": "http://127.0.0.1:1", "nobody listens to gRPC": "grpc://127.0.0.1:1", "no answer": "http://" + silent.Addr().String(),
		} {
			t.Run(name, func(t *testing.T) {
				s := rig.New(t, c, rig.Options{Min: 9, Handler: "noop: {}, slots: 4", Extra: `tracing: {endpoint: "` + endpoint + `", sample: 1}`})
				load := s.Load(t)
				load.Fill(10, 6000, 100) // more than wait for a collector
				daemon := s.Spawn(t)
				load.AwaitDone(load.Ledger.Len())
				began := time.Now()
				exits(t, daemon, daemon.Terminate(), 0)
				if took := time.Since(began); took > 8*time.Second { // a stop takes 5 s where groups are slow to leave
					t.Errorf("the stop took %v", took)
				}
				says(t, daemon, "spans are lost", `"in_all":6000`)
				clean(t, load)
			})
		}
	})
}
