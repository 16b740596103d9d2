package actors

import (
	"context"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// toHclog lets protoactor, which wants a slog.Logger, log through hclog. Its
// own information is our debug: it tells of its inner life.
type toHclog struct{ logger hclog.Logger }

var _ slog.Handler = toHclog{}

func hclogLevel(l slog.Level) hclog.Level {
	switch {
	case l >= slog.LevelError:
		return hclog.Error
	case l >= slog.LevelWarn:
		return hclog.Warn
	default:
		return hclog.Debug
	}
}

// Enabled implements slog.Handler.
func (h toHclog) Enabled(_ context.Context, l slog.Level) bool {
	return h.logger.GetLevel() <= hclogLevel(l)
}

// Handle implements slog.Handler. Attributes that print messages keep to the
// messages' own String, which shows no payload.
func (h toHclog) Handle(_ context.Context, r slog.Record) error {
	args := make([]any, 0, 2*r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		args = append(args, a.Key, a.Value.String())
		return true
	})
	h.logger.Log(hclogLevel(r.Level), r.Message, args...)
	return nil
}

// WithAttrs implements slog.Handler.
func (h toHclog) WithAttrs(attrs []slog.Attr) slog.Handler {
	args := make([]any, 0, 2*len(attrs))
	for _, a := range attrs {
		args = append(args, a.Key, a.Value.String())
	}
	return toHclog{h.logger.With(args...)}
}

// WithGroup implements slog.Handler.
func (h toHclog) WithGroup(name string) slog.Handler { return toHclog{h.logger.Named(name)} }
