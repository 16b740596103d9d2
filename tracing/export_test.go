package tracing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/kafkaboost/boostd"
)

// collector takes spans as a test says.
type collector struct {
	answer func(ctx context.Context) error
	got    atomic.Int64
	ended  atomic.Bool
}

func (c *collector) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := c.answer(ctx); err != nil {
		return err
	}
	c.got.Add(int64(len(spans)))
	return nil
}

func (c *collector) Shutdown(context.Context) error { c.ended.Store(true); return nil }

// lines are a log's.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.text.String()), "\n")
}

// sending is a tracer for everything, with a log.
func sending(t *testing.T, c *collector) (*Tracer, *lines) {
	t.Helper()
	log := &lines{}
	config := Config{Sample: "1"}
	config.SetDefaults()
	tracer, err := newTracer(config, Options{Logger: hclog.New(&hclog.LoggerOptions{Output: log, DisableTime: true})}, c)
	if err != nil {
		t.Fatal(err)
	}
	return tracer, log
}

// handle has n messages handled, all of which must be reported.
func handle(t *testing.T, tracer *Tracer, n int) {
	t.Helper()
	w := &given{}
	for range n {
		w.messages = append(w.messages, message())
	}
	tracer.Wrap("h", each(done)).Handle(t.Context(), w)
	if len(w.results) != n {
		t.Errorf("%d of %d are done", len(w.results), n)
	}
}

// A collector that hangs slows nothing; what is too much is dropped, counted, and told
// once a minute; the end comes in time.
func TestCollectorHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &collector{answer: func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }}
		tracer, log := sending(t, c)
		began := time.Now()
		handle(t, tracer, 10*maxWaiting)
		if took := time.Since(began); took != 0 {
			t.Errorf("handling took %v", took)
		}
		if n := tracer.Dropped(); n != 9*maxWaiting {
			t.Errorf("%d dropped, want %d", n, 9*maxWaiting)
		}
		time.Sleep(5 * time.Minute) // the bubble's clock: every batch has timed out
		if n := tracer.Dropped(); n != 10*maxWaiting {
			t.Errorf("%d dropped, want all %d", n, 10*maxWaiting)
		}
		if n := len(log.all()); n != 1 {
			t.Errorf("%d lines of a loss that took half a minute:\n%s", n, strings.Join(log.all(), "\n"))
		}
		handle(t, tracer, 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if err := tracer.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the end took %v", took)
		}
		if last := log.all()[len(log.all())-1]; !c.ended.Load() || !strings.Contains(last, fmt.Sprintf("in_all=%d", 10*maxWaiting+10)) {
			t.Errorf("the last line is %q; the exporter was ended: %v", last, c.ended.Load())
		}
	})
}

// What waits when the end is cut short is dropped at once: to make a request of each
// batch, only to hear that it is too late, took too long on a busy machine.
func TestEndIsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &collector{answer: func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(hurry / 2) // what it takes to notice
			return context.Cause(ctx)
		}}
		tracer, log := sending(t, c)
		handle(t, tracer, maxWaiting)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := tracer.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Second+hurry {
			t.Errorf("the end took %v", took)
		}
		if all := log.all(); !strings.Contains(all[len(all)-1], fmt.Sprintf("in_all=%d", maxWaiting)) {
			t.Errorf("the log is %q", all)
		}
	})
}

// A collector that fails and comes back: what it refused is lost, the rest arrives.
func TestCollectorComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		c := &collector{answer: func(context.Context) error {
			if away.Load() {
				return errors.New("no\nroute " + strings.Repeat("x", 10_000))
			}
			return nil
		}}
		tracer, log := sending(t, c)
		for range 20 { // 100 s: each time something is lost
			handle(t, tracer, 10)
			time.Sleep(batchTime)
		}
		synctest.Wait()
		if n := len(log.all()); n != 2 {
			t.Errorf("%d lines in 100 s, want one a minute:\n%s", n, strings.Join(log.all(), "\n"))
		}
		if line := log.all()[0]; !strings.Contains(line, "no route") || len(line) > 2*maxText {
			t.Errorf("the line is %q", line)
		}
		away.Store(false)
		handle(t, tracer, 1000)
		if err := tracer.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got, lost := c.got.Load(), tracer.Dropped(); got != 1000 || lost != 200 {
			t.Errorf("%d arrived and %d were lost, want 1000 and 200", got, lost)
		}
	})
}

// Spans are sent soon, also when they are few.
func TestFewSpansAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &collector{answer: func(context.Context) error { return nil }}
		tracer, log := sending(t, c)
		handle(t, tracer, 3)
		time.Sleep(batchTime)
		synctest.Wait()
		if n := c.got.Load(); n != 3 {
			t.Errorf("%d have arrived, want 3", n)
		}
		if n := tracer.gate.waiting.Load(); n != 0 {
			t.Errorf("%d are waiting", n)
		}
		if err := tracer.Close(t.Context()); err != nil || log.all()[0] != "" {
			t.Errorf("%v, %q", err, log.all())
		}
		handle(t, tracer, 3) // behind the end: nothing happens
	})
}

// Many handlers at once, with the race detector.
func TestManyAtOnce(t *testing.T) {
	c := &collector{answer: func(context.Context) error { return nil }}
	tracer, _ := sending(t, c)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				handle(t, tracer, 2)
			}
		})
	}
	wg.Wait()
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := c.got.Load() + tracer.Dropped(); n != 3200 {
		t.Errorf("%d spans arrived or were counted as lost, want 3200", n)
	}
}

// BenchmarkMessage is one message through a handler that does nothing.
func BenchmarkMessage(b *testing.B) {
	for _, c := range []struct {
		name, sample string
		headers      []boostd.Header
	}{
		{"off", "", nil}, {"sample=0", "0", nil}, {"sample=0.01", "0.01", nil}, {"sample=1", "1", nil},
		{"sample=0,unsampled trace", "0", []boostd.Header{header(traceparent, unsampled)}}, {"sample=0,sampled trace", "0", []boostd.Header{header(traceparent, parent)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var tracer *Tracer
			if c.sample != "" {
				var err error
				nobody := &collector{answer: func(context.Context) error { return nil }}
				if tracer, err = newTracer(Config{Sample: c.sample, Service: "boostd"}, Options{}, nobody); err != nil {
					b.Fatal(err)
				}
				defer tracer.Close(b.Context())
			}
			h := tracer.Wrap("h", each(done))
			w := &repeated{message: message(c.headers...), left: b.N}
			b.ReportAllocs()
			b.ResetTimer()
			h.Handle(b.Context(), w)
		})
	}
}

// repeated hands out one message many times.
type repeated struct {
	message *boostd.Message
	left    int
}

func (r *repeated) Next() (*boostd.Message, bool) {
	r.left--
	return r.message, r.left >= 0
}

func (r *repeated) Report(*boostd.Message, boostd.Result) {}
