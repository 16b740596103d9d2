package tracing

import (
	"context"
	"slices"

	"github.com/kafkaboost/boostd"
)

// Handler is what does the work; see package actors.
type Handler interface {
	Handle(ctx context.Context, work boostd.Work)
}

// Wrap makes a handler whose attempts have spans. name is the handler's in boostd.yaml.
// From a nil tracer the handler comes back as it is.
func (t *Tracer) Wrap(name string, h Handler) Handler {
	if t == nil {
		return h
	}
	return &handler{tracer: t, name: name, inner: h}
}

type handler struct {
	tracer *Tracer
	name   string
	inner  Handler
}

var _ Handler = (*handler)(nil)

// Handle implements Handler.
func (h *handler) Handle(ctx context.Context, inner boostd.Work) {
	w := &work{handler: h, inner: inner}
	why := "handler panicked"
	defer func() { w.abandon(why) }()
	h.inner.Handle(ctx, w)
	why = "handler returned without a result"
}

// work is what one call of Handle is given instead of the worker's own. It belongs to
// the goroutine of that call, as boostd.Work says.
type work struct {
	handler *handler
	inner   boostd.Work
	open    []*attempt // in the order of their starts
}

var _ boostd.Work = (*work)(nil)

// Next implements boostd.Work.
func (w *work) Next() (*boostd.Message, bool) {
	m, ok := w.inner.Next()
	if !ok {
		return nil, false
	}
	a := w.handler.tracer.begin(m)
	if a == nil {
		return m, true
	}
	w.open = append(w.open, a)
	return &a.message, true
}

// Report implements boostd.Work.
func (w *work) Report(m *boostd.Message, r boostd.Result) {
	n := slices.IndexFunc(w.open, func(a *attempt) bool { return &a.message == m })
	if n < 0 { // it is the worker's own, or was reported before
		w.inner.Report(m, r)
		return
	}
	a := w.open[n]
	w.open = slices.Delete(w.open, n, n+1)
	w.handler.tracer.end(w.handler.name, a, r) // while the message is ours to read
	w.inner.Report(a.original, r)
}

// abandon ends the spans of what was taken and never reported: it counts as failed.
func (w *work) abandon(why string) {
	for _, a := range w.open {
		w.handler.tracer.end(w.handler.name, a, boostd.Result{Outcome: boostd.Retry, Reason: why})
	}
	w.open = nil
}
