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
	kind string
	doer doer
	// plugin, instead of doer, is of kind plugin.
	plugin *pluginHost
	retry  atomic.Pointer[RetryConfig]
	batch  atomic.Int64 // Batch.Max
}

// doer is one kind: do carries out one attempt. It is called from many
// goroutines, returns soon after ctx has ended, and keeps nothing of the
// message. close releases what the kind holds; do isn't called after it.
type doer interface {
	do(ctx context.Context, m *boostd.Message) boostd.Result
	close(ctx context.Context) error
}

// Options are what handlers have from the daemon.
type Options struct {
	// Logger is what their lines go to; nil drops them.
	Logger hclog.Logger
	// Version is the daemon's, for plugins.
	Version string
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
	switch h.kind {
	case "log":
		h.doer = logDoer{logger}
	case "noop":
		h.doer = noopDoer{}
	case "sleep":
		h.doer = sleepDoer{c.Sleep.Min.Std(), c.Sleep.Max.Std()}
	case "exec":
		h.doer, err = newExecDoer(c.Exec, c.Slots, logger)
	case "http":
		h.doer, err = newHTTPDoer(c.HTTP)
	case "plugin":
		h.plugin, err = newPluginHost(name, c, o, logger)
	}
	if err != nil {
		return nil, fmt.Errorf("make handler %s: %w", name, err)
	}
	return h, nil
}

// Kind is log, noop, sleep, exec, http or plugin.
func (h *Handler) Kind() string { return h.kind }

// Handle takes messages from work until there are no more, and reports each
// before it takes the next; with Batch.Max above 1 it takes all, works on them as on
// one, and reports each then. When ctx ends, the attempt under way is reported
// as Retry.
func (h *Handler) Handle(ctx context.Context, work boostd.Work) {
	if h.plugin != nil {
		h.plugin.handle(ctx, work, func(r boostd.Result) boostd.Result { return h.retry.Load().apply(r) })
		return
	}
	if d, ok := h.doer.(bulkDoer); ok && h.batch.Load() > 1 {
		h.handleAll(ctx, work, d)
		return
	}
	for m, ok := work.Next(); ok; m, ok = work.Next() {
		work.Report(m, h.retry.Load().apply(h.doer.do(ctx, m)))
	}
}

// Reconfigure puts another number of slots, another Batch.Max, and other Retry.Final
// and Retry.Again into force; nothing else of c counts. More slots are told here before they are
// used, fewer behind it. It may be called while Handle runs.
func (h *Handler) Reconfigure(c Config) {
	h.retry.Store(&c.Retry)
	h.batch.Store(int64(c.Batch.Max))
	if h.plugin != nil {
		h.plugin.reconfigure(c)
	}
	if d, ok := h.doer.(*execDoer); ok {
		d.setSlots(c.Slots)
	}
}

// Plugin is how a handler of kind plugin is; of others it is empty.
func (h *Handler) Plugin() PluginStatus {
	if h.plugin == nil {
		return PluginStatus{}
	}
	return h.plugin.status()
}

// Replace has another process of the plugin serve the slots, from its file as it is
// now. It returns when that is so; on an error the old process goes on. What it has
// begun it finishes.
func (h *Handler) Replace(ctx context.Context) error {
	if h.plugin == nil {
		return fmt.Errorf("replace plugin: a handler of kind %s has none", h.kind)
	}
	if err := h.plugin.replace(ctx); err != nil {
		return fmt.Errorf("replace plugin: %w", err)
	}
	return nil
}

// Close ends the handler's processes and connections. Call it after the last
// Handle has returned, or to cut short those that don't. It returns when
// everything has ended, at the latest a moment after ctx ended, then with an
// error that names what is left. A second call does no harm.
func (h *Handler) Close(ctx context.Context) error {
	end := func(ctx context.Context) error { return h.plugin.close(ctx) }
	if h.plugin == nil {
		end = h.doer.close
	}
	if err := end(ctx); err != nil {
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
