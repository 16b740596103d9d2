package daemon

import (
	"context"
	"reflect"
	"time"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/logs"
	"github.com/kafkaboost/boostd/scheduler"
)

// LogLevels are the loggers' levels: people set them over the control socket, and a
// reload changes those of which boostd.yaml says something else.
type LogLevels interface {
	console.LogLevels
	Change(old, next logs.Config) error
}

var _ LogLevels = (*logs.Levels)(nil)

// schedulerPatience is how long the scheduler may take to change levels and
// handlers.
const schedulerPatience = 5 * time.Second

// handlerChanges are what a ruling says of each handler, in the order of the pools.
func handlerChanges(r ruling) (all []actors.HandlerChange) {
	for _, name := range handlersOf(r.file) {
		h := r.file.Handlers[name]
		policy, _ := policyOf(r.file, name, r.document.settings)
		all = append(all, actors.HandlerChange{
			PoolChange: scheduler.PoolChange{Slots: h.Slots, Retry: retryOf(h), Policy: policy, Preemptible: h.Preemptible, Batch: batchOf(h)},
			Timeout:    h.Timeout.Std(),
		})
	}
	return all
}

// reconfigure gives the scheduler the next levels, and each handler's pool what is
// said of it, between two messages. What doesn't fit was refused before; on an error
// everything is as it was.
func (d *Daemon) reconfigure(ctx context.Context, old, next ruling) error {
	before, after := handlerChanges(old), handlerChanges(next)
	levels := next.document.settings.MaxPriority
	if levels != old.document.settings.MaxPriority || !reflect.DeepEqual(before, after) {
		// Programs for more slots are allowed before those need them, and are too many
		// when there are fewer slots, not before.
		d.reconfigureHandlers(next.file, func(n int) bool { return after[n].Slots > before[n].Slots })
		ctx, cancel := context.WithTimeout(ctx, schedulerPatience)
		defer cancel()
		if err := d.engine.Load().Reconfigure(ctx, int(levels)+1, after); err != nil {
			d.reconfigureHandlers(old.file, all)
			return err
		}
	}
	if next.otherFile(old) {
		d.reconfigureHandlers(next.file, all)
	}
	return nil
}

func all(int) bool { return true }

// reconfigureHandlers tells handlers what a file says of them.
func (d *Daemon) reconfigureHandlers(file *conf.File, which func(n int) bool) {
	for n, name := range handlersOf(file) {
		if which(n) {
			d.handlers[n].Reconfigure(file.Handlers[name].Config)
		}
	}
}

// putFile makes a boostd.yaml the one in force, and tells those who don't look at it
// by themselves.
func (d *Daemon) putFile(old, next *conf.File) {
	d.config.Store(next)
	d.outlet.reconfigure(next.Producer)
	if d.options.Levels != nil {
		if err := d.options.Levels.Change(old.Log, next.Log); err != nil {
			d.logger.Error("log levels can't be changed", "error", err)
		}
	}
	// The next look at the settings comes by settings.refresh, and the one at what levels
	// have left by topics.NAME.drain.
	for _, waits := range []chan struct{}{d.hurry, d.retiring} {
		select {
		case waits <- struct{}{}:
		default:
		}
	}
}
