package plugins

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// Handler does the work of one entry of `handlers:`. Handle may be called from
// as many goroutines at once as there are slots; Close ends it.
type Handler struct {
	kind  string
	doer  doer
	retry atomic.Pointer[RetryConfig]
	batch atomic.Int64 // Batch.Max
}

// doer is one kind; it is a single, a taker, or both. close releases what the kind
// holds; nothing else is called after it.
type doer interface {
	close(ctx context.Context) error
}

// single is a kind that is given messages one by one. do carries out one attempt. It
// is called from many goroutines, returns soon after ctx has ended, and keeps nothing
// of the message.
type single interface {
	do(ctx context.Context, m *boostd.Message) boostd.Result
}

// taker is a kind that may have several messages under way on one goroutine.
type taker interface {
	// takes reports whether it does, as it is configured.
	takes() bool
	// handle is Handler.Handle, in the place of do.
	handle(ctx context.Context, work boostd.Work)
}

// Options are what handlers have from the daemon.
type Options struct {
	// Logger is what their lines go to; nil drops them.
	Logger hclog.Logger
	// Version is the daemon's, for plugins.
	Version string
	// Forwarder is what a forward handler writes with: it belongs to the handler, and
	// is closed with it. Other kinds have no use for it, and let it be nil.
	Forwarder Forwarder
	// Later is where http handlers with http_options.later find results; nil: none do.
	Later *Later
}

// New makes the handler of one entry. The configuration must have its
// defaults; it is checked again as a whole, and an exec program must exist and
// be executable. name is the entry's name and names its log lines. Whoever
// calls New calls Close.
func New(name string, c Config, o Options) (*Handler, error) {
	logger := o.Logger
	if logger == nil {
		logger = hclog.NewNullLogger()
	}
	logger = logger.Named(name)
	if err := errors.Join(c.Validate()...); err != nil {
		return nil, fmt.Errorf("make handler %s: %w", name, err)
	}
	h := &Handler{kind: c.Kind()}
	h.retry.Store(&c.Retry)
	h.batch.Store(int64(c.Batch.Max))
	var err error
	if h.doer, err = newDoer(name, c, o, logger); err != nil {
		return nil, fmt.Errorf("make handler %s: %w", name, err)
	}
	return h, nil
}

func newDoer(name string, c Config, o Options, logger hclog.Logger) (doer, error) {
	switch c.Kind() {
	case "log":
		return logDoer{logger}, nil
	case "noop":
		return noopDoer{}, nil
	case "sleep":
		return sleepDoer{c.Sleep.Min.Std(), c.Sleep.Max.Std()}, nil
	case "http":
		return newHTTPDoer(c, o.Later, logger)
	case "forward":
		if o.Forwarder == nil {
			return nil, errors.New("forward: there is nothing to write with")
		}
		return &forwardDoer{*c.Forward, o.Forwarder}, nil
	case "plugin":
		return newPluginHost(name, c, o, logger)
	}
	program, err := newCommand(c)
	switch {
	case err != nil:
		return nil, err
	case c.ExecOptions.PerMessage:
		return newMessageDoer(program, logger), nil
	}
	return newExecDoer(program, c.Slots, logger), nil
}

// Kind is log, noop, sleep, exec, http, forward or plugin.
func (h *Handler) Kind() string { return h.kind }

// Handle takes messages from work until there are no more, and reports each: before
// it takes the next, but for kinds that have several under way. When ctx ends, what
// is under way is reported as Retry.
func (h *Handler) Handle(ctx context.Context, work boostd.Work) {
	work = judged{work, h}
	if several, ok := h.doer.(taker); ok && several.takes() {
		several.handle(ctx, work)
		return
	}
	if d, ok := h.doer.(bulkDoer); ok && h.batch.Load() > 1 {
		h.handleAll(ctx, work, d)
		return
	}
	one := h.doer.(single)
	for m, ok := work.Next(); ok; m, ok = work.Next() {
		work.Report(m, one.do(ctx, m))
	}
}

// judged is work whose results are as RetryConfig's Final and Again say.
type judged struct {
	boostd.Work
	handler *Handler
}

// Report implements boostd.Work.
func (j judged) Report(m *boostd.Message, r boostd.Result) {
	j.Work.Report(m, j.handler.retry.Load().apply(r))
}

// Reconfigure puts another number of slots, another Batch.Max, Timeout, and other
// Retry.Final, Retry.Again and Retry.Attempts, into force; nothing else of c counts.
// More slots are told here before they are used, fewer behind it. It may be called while Handle runs.
func (h *Handler) Reconfigure(c Config) {
	h.retry.Store(&c.Retry)
	h.batch.Store(int64(c.Batch.Max))
	switch d := h.doer.(type) {
	case *execDoer:
		d.setSlots(c.Slots)
	case *httpDoer:
		d.last.Store(int64(c.Retry.Attempts))
		d.batch.Store(int64(c.Batch.Max))
	case *pluginHost:
		d.reconfigure(c)
	}
}

// Plugin is how a handler of kind plugin is; of others it is empty.
func (h *Handler) Plugin() PluginStatus {
	if p, ok := h.doer.(*pluginHost); ok {
		return p.status()
	}
	return PluginStatus{}
}

// Replace has another process of the plugin serve the slots, from its file as it is
// now. It returns when that is so; on an error the old process goes on. What it has
// begun it finishes.
func (h *Handler) Replace(ctx context.Context) error {
	p, ok := h.doer.(*pluginHost)
	if !ok {
		return fmt.Errorf("replace plugin: a handler of kind %s has none", h.kind)
	}
	if err := p.replace(ctx); err != nil {
		return fmt.Errorf("replace plugin: %w", err)
	}
	return nil
}

// Close ends the handler's processes and connections. Call it after the last
// Handle has returned, or to cut short those that don't. It returns when
// everything has ended, at the latest a moment after ctx ended, then with an
// error that names what is left. A second call does no harm.
func (h *Handler) Close(ctx context.Context) error {
	if err := h.doer.close(ctx); err != nil {
		return fmt.Errorf("close %s handler: %w", h.kind, err)
	}
	return nil
}

func done() boostd.Result { return boostd.Result{Outcome: boostd.Done} }

func retry(reason string) boostd.Result {
	return boostd.Result{Outcome: boostd.Retry, Reason: reason}
}

func dead(reason string) boostd.Result {
	return boostd.Result{Outcome: boostd.Dead, Reason: reason}
}

// whyEnded names the end of a context in a result: a plain cancellation is the
// daemon stopping, every other cause is an attempt that took too long.
func whyEnded(ctx context.Context) string {
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return "cancelled"
	}
	return "timed out"
}

// maxText bounds the text from outside that goes into a result's reason, in
// bytes.
const maxText = 200

// printable makes text from outside fit for a log line or a terminal: one
// line, at most limit bytes, nothing that moves a cursor or hides text.
func printable(text []byte, limit int) string {
	cut := len(text) > limit
	if cut {
		text = text[:limit]
	}
	s := strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar:
			return '?'
		case unicode.IsSpace(r) || !unicode.IsPrint(r):
			return ' '
		}
		return r
	}, string(text))
	s = strings.Join(strings.Fields(s), " ")
	if cut {
		s += "…"
	}
	return s
}
