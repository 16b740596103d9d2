package tracing

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/hashicorp/go-hclog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// maxWaiting is how many spans wait for the collector, or are on their way, at
	// about 2 KB each.
	maxWaiting = 4096
	maxBatch   = 512
	// batchTime is the longest wait of a span before it is sent. It is longer than an
	// export may take: the queue's clock goes on meanwhile, and one that has run out
	// cuts the next batch short.
	batchTime = 5 * time.Second
	// tellEvery is how often a loss of spans is logged.
	tellEvery = time.Minute
)

// gate stands before the queue, whose own losses nobody learns of: it lets no more in
// than there is room for.
type gate struct {
	sdktrace.SpanProcessor // the queue
	waiting                atomic.Int64
	dropped                atomic.Int64
}

// OnEnd implements sdktrace.SpanProcessor. It never waits.
func (g *gate) OnEnd(s sdktrace.ReadOnlySpan) {
	if g.waiting.Add(1) > maxWaiting {
		g.left(1)
		g.dropped.Add(1)
		return
	}
	g.SpanProcessor.OnEnd(s)
}

// left is called for spans that wait no longer.
func (g *gate) left(n int) { g.waiting.Add(int64(-n)) }

// exports is the last before the collector's library. The queue calls it for one batch
// at a time.
type exports struct {
	to     sdktrace.SpanExporter
	gate   *gate
	logger hclog.Logger
	life   context.Context // its end cuts an export short
	gone   chan struct{}   // closed when the queue is empty and at its end

	told  int64 // of the dropped
	next  time.Time
	cause error
}

// ExportSpans implements sdktrace.SpanExporter. A failure is told here: whoever gets it
// from us would write it to standard error.
func (e *exports) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(e.life, cancel)()
	defer cancel()
	err := context.Cause(e.life)
	if err == nil {
		err = e.to.ExportSpans(ctx, spans)
	}
	e.gate.left(len(spans))
	if err != nil {
		e.gate.dropped.Add(int64(len(spans)))
		e.cause = err
	}
	e.tell(time.Now(), false)
	return nil
}

// tell logs what was lost since it was logged last, once in tellEvery but at the end.
func (e *exports) tell(now time.Time, end bool) {
	dropped := e.gate.dropped.Load()
	if dropped == e.told || now.Before(e.next) && !end {
		return
	}
	args := []any{"dropped", dropped - e.told, "in_all", dropped}
	if e.cause != nil {
		args = append(args, "error", oneLine(e.cause.Error()))
	} else {
		args = append(args, "why", "the collector is slower than they come: set tracing.sample lower")
	}
	e.logger.Warn("spans are lost", args...)
	e.told, e.next, e.cause = dropped, now.Add(tellEvery), nil
}

// Shutdown implements sdktrace.SpanExporter: the queue has ended.
func (e *exports) Shutdown(ctx context.Context) error {
	defer close(e.gone)
	e.tell(time.Now(), true)
	return e.to.Shutdown(ctx)
}

// maxText bounds texts in spans and log lines, in bytes.
const maxText = 400

// oneLine makes text from outside fit for a log line and a span.
func oneLine(text string) string {
	cut := len(text) > maxText
	if cut {
		text = text[:maxText]
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar:
			return '?'
		case !unicode.IsPrint(r):
			return ' '
		}
		return r
	}, text)
	if cut {
		text += "…"
	}
	return text
}
