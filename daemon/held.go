package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/scheduler"
)

var _ console.HeldMessages = (*Daemon)(nil)

func heldOf(h scheduler.HeldMessage) console.Held {
	return console.Held{Topic: h.Topic, Partition: h.Partition, Offset: h.Offset, Level: int(h.Level),
		Handler: h.Handler, Attempts: h.Attempts, Reason: h.Reason, At: h.At}
}

// Held implements console.HeldMessages.
func (d *Daemon) Held(ctx context.Context) ([]console.Held, error) {
	engine := d.engine.Load()
	if engine == nil {
		return nil, errStarting
	}
	all, err := engine.Held(ctx)
	list := make([]console.Held, len(all))
	for n, h := range all {
		list[n] = heldOf(h)
	}
	return list, err
}

// RetryHeld implements console.HeldMessages.
func (d *Daemon) RetryHeld(ctx context.Context, o console.HeldOrder) error {
	return d.resolveHeld(ctx, o, "retry", func(e *actors.Engine) error { return e.RetryHeld(ctx, o.TopicPartition, o.Offset) })
}

// SkipHeld implements console.HeldMessages.
func (d *Daemon) SkipHeld(ctx context.Context, o console.HeldOrder) error {
	return d.resolveHeld(ctx, o, "skip", func(e *actors.Engine) error { return e.SkipHeld(o.TopicPartition, o.Offset) })
}

// resolveHeld does it and leaves a trace: a line in the log and, where the
// handler has an audit, one there.
func (d *Daemon) resolveHeld(ctx context.Context, o console.HeldOrder, what string, do func(*actors.Engine) error) error {
	engine := d.engine.Load()
	if engine == nil {
		return errStarting
	}
	all, err := engine.Held(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(h scheduler.HeldMessage) bool {
		return h.TopicPartition == o.TopicPartition && h.Offset == o.Offset
	})
	err = boostd.ErrNotHeld
	if at >= 0 {
		err = do(engine)
	}
	switch {
	case errors.Is(err, boostd.ErrNotHeld):
		return fmt.Errorf("%v is not held by this instance: %w", o.Coordinates, console.ErrNotFound)
	case err != nil:
		return fmt.Errorf("%s %v: %w", what, o.Coordinates, err)
	}
	h := all[at]
	d.logger.Info("held message is resolved by hand", "resolved", what, "message", o.String(), "level", int(h.Level), "handler", h.Handler, "by", o.By)
	d.snapshots.forget()
	if w := d.audits[d.relative(d.file().Handlers[h.Handler].Audit)]; w != nil {
		// What can't be written is the writer's to say: the message is resolved.
		_ = w.Resolve(audit.Resolution{Resolved: what, Topic: h.Topic, Partition: h.Partition, Offset: h.Offset,
			Level: h.Level, Handler: h.Handler, By: o.By})
	}
	return nil
}
