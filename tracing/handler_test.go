package tracing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/kafkaboost/boostd"
)

const (
	parent     = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	unsampled  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	otherTrace = "00-11111111111111111111111111111111-2222222222222222-01"
)

// given is a worker's work: it notes what is reported.
type given struct {
	messages []*boostd.Message
	taken    int
	reported []*boostd.Message
	results  []boostd.Result
}

func (g *given) Next() (*boostd.Message, bool) {
	if g.taken == len(g.messages) {
		return nil, false
	}
	g.taken++
	return g.messages[g.taken-1], true
}

func (g *given) Report(m *boostd.Message, r boostd.Result) {
	g.reported, g.results = append(g.reported, m), append(g.results, r)
}

type handlerFunc func(work boostd.Work)

func (f handlerFunc) Handle(_ context.Context, work boostd.Work) { f(work) }

// each answers message by message.
func each(answer func(m *boostd.Message) boostd.Result) Handler {
	return handlerFunc(func(w boostd.Work) {
		for m, ok := w.Next(); ok; m, ok = w.Next() {
			w.Report(m, answer(m))
		}
	})
}

func done(*boostd.Message) boostd.Result { return boostd.Result{Outcome: boostd.Done} }

// traced makes a tracer that keeps its spans; spans ends it and returns them.
func traced(t testing.TB, c Config, o Options) (tracer *Tracer, spans func() tracetest.SpanStubs) {
	t.Helper()
	c.SetDefaults()
	memory := keeping{tracetest.NewInMemoryExporter()}
	tracer, err := newTracer(c, o, memory)
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	spans = func() tracetest.SpanStubs {
		if !closed {
			closed = true
			if err := tracer.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return memory.GetSpans()
	}
	t.Cleanup(func() {
		if !closed {
			_ = tracer.Close(context.Background())
		}
	})
	return tracer, spans
}

// keeping doesn't forget at its end.
type keeping struct{ *tracetest.InMemoryExporter }

func (keeping) Shutdown(context.Context) error { return nil }

func message(headers ...boostd.Header) *boostd.Message {
	return &boostd.Message{Topic: "orders_9", Partition: 3, Offset: 1042, Level: 9, Attempt: 2, Key: []byte("k1"), Value: []byte("secret"), Headers: headers,
		FetchedAt: time.Now().Add(-50 * time.Millisecond)}
}

func header(key, value string) boostd.Header { return boostd.Header{Key: key, Value: []byte(value)} }

// text shows headers as they stand.
func text(headers []boostd.Header) string {
	var all []string
	for _, h := range headers {
		all = append(all, h.Key+"="+string(h.Value))
	}
	return strings.Join(all, " ")
}

func attributes(s tracetest.SpanStub) map[attribute.Key]attribute.Value {
	all := map[attribute.Key]attribute.Value{}
	for _, a := range s.Attributes {
		all[a.Key] = a.Value
	}
	return all
}

// Several are open at once, and reported in any order; twice counts once.
func TestAnyOrder(t *testing.T) {
	for name, order := range map[string][]int{"as they came": {0, 1, 2, 3}, "backwards": {3, 2, 1, 0}, "mixed, and twice": {2, 0, 2, 3, 1, 0}} {
		t.Run(name, func(t *testing.T) {
			tracer, spans := traced(t, Config{Sample: "1"}, Options{})
			w := &given{}
			for n := range 4 {
				m := message()
				m.Offset = int64(n)
				w.messages = append(w.messages, m)
			}
			tracer.Wrap("h", handlerFunc(func(work boostd.Work) {
				var taken []*boostd.Message
				for m, ok := work.Next(); ok; m, ok = work.Next() {
					taken = append(taken, m)
				}
				for _, n := range order {
					work.Report(taken[n], boostd.Result{Outcome: boostd.Retry, Reason: fmt.Sprint(n)})
				}
			})).Handle(t.Context(), w)
			known := map[*boostd.Message]string{}
			for n, m := range w.reported {
				if m != nil && slices.Contains(w.messages, m) {
					known[m] = w.results[n].Reason
				}
			}
			for n, m := range w.messages {
				if known[m] != fmt.Sprint(n) {
					t.Errorf("message %d was reported as %q", n, known[m])
				}
			}
			all := spans()
			if len(all) != 4 {
				t.Fatalf("%d spans", len(all))
			}
			for _, s := range all {
				if at := attributes(s)["messaging.kafka.offset"].AsInt64(); s.Status.Description != fmt.Sprint(at) {
					t.Errorf("the span of %d has the reason %q", at, s.Status.Description)
				}
			}
		})
	}
}

// What was taken and isn't reported has a span too.
func TestUnreportedAttemptsFail(t *testing.T) {
	for name, c := range map[string]struct {
		end  func()
		want string
	}{
		"returned": {func() {}, "handler returned without a result"},
		"panicked": {func() { panic("oh") }, "handler panicked"},
	} {
		t.Run(name, func(t *testing.T) {
			tracer, spans := traced(t, Config{Sample: "1"}, Options{})
			w := &given{messages: []*boostd.Message{message(), message()}}
			func() {
				defer func() { _ = recover() }()
				tracer.Wrap("h", handlerFunc(func(work boostd.Work) {
					m, _ := work.Next()
					work.Report(m, done(m))
					work.Next()
					c.end()
				})).Handle(t.Context(), w)
			}()
			if len(w.reported) != 1 {
				t.Errorf("%d were reported: the worker does so for the rest", len(w.reported))
			}
			var got []string
			for _, s := range spans() {
				got = append(got, s.Status.Description)
			}
			if !slices.Equal(got, []string{"", c.want}) {
				t.Errorf("the spans end with %q", got)
			}
		})
	}
}

// A panic goes on to who called.
func TestPanicsPass(t *testing.T) {
	tracer, _ := traced(t, Config{Sample: "1"}, Options{})
	defer func() {
		if p := recover(); p != "oh" {
			t.Errorf("recovered %v", p)
		}
	}()
	tracer.Wrap("h", handlerFunc(func(boostd.Work) { panic("oh") })).Handle(t.Context(), &given{})
}

// Where tracing is off nothing stands between.
func TestOff(t *testing.T) {
	c := Config{}
	c.SetDefaults()
	tracer, err := New(c, Options{Logger: hclog.NewNullLogger()})
	if tracer != nil || err != nil {
		t.Fatalf("New: %v, %v", tracer, err)
	}
	h := &struct{ Handler }{each(done)}
	if tracer.Wrap("h", h) != Handler(h) {
		t.Error("the handler is wrapped")
	}
	if tracer.Dropped() != 0 || tracer.Close(t.Context()) != nil {
		t.Error("a nil tracer does something")
	}
}
