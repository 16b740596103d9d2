package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/scheduler"
)

// handlers are what was made of `handlers:`.
type handlers []*plugins.Handler

func (hs handlers) close(ctx context.Context) error {
	var errs []error
	for _, h := range hs {
		errs = append(errs, h.Close(ctx))
	}
	return errors.Join(errs...)
}

// handlerNames are the handlers in the order of their pools, whatever is reloaded.
func (d *Daemon) handlerNames() []string { return handlersOf(d.file()) }

func handlersOf(file *conf.File) []string { return slices.Sorted(maps.Keys(file.Handlers)) }

// handlerSpecs makes every handler with its audit.
func (d *Daemon) handlerSpecs() ([]actors.HandlerSpec, error) {
	var specs []actors.HandlerSpec
	for _, name := range d.handlerNames() {
		c := d.file().Handlers[name]
		h, err := d.newHandler(name, c)
		if err != nil {
			return nil, d.unfit(err)
		}
		d.handlers = append(d.handlers, h)
		spec := actors.HandlerSpec{
			Name: name, Handler: d.tracer.Wrap(name, d.wrap(name, h)), Slots: c.Slots, Timeout: c.Timeout.Std(), Preemptible: c.Preemptible, Retry: retryOf(c), Batch: batchOf(c),
		}
		if c.DeadLetter {
			spec.DeadLetters = d.newGraves(name)
		}
		if c.Audit != "" {
			w, err := d.audits.open(d.relative(c.Audit), d.logger.Named("audit"))
			if err != nil {
				return nil, err
			}
			spec.Recorder = &recorder{writer: w, required: c.AuditRequired}
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

// wrap puts around a handler what the program wants around it.
func (d *Daemon) wrap(name string, h actors.Handler) actors.Handler {
	if d.options.Wrap == nil {
		return h
	}
	return d.options.Wrap(name, h)
}

// newHandler makes one handler.
func (d *Daemon) newHandler(name string, c conf.Handler) (*plugins.Handler, error) {
	c.Beside(d.relative)
	if c.Plugin != "" {
		var err error
		if c.Plugin, err = d.pluginFile(c.Plugin); err != nil {
			return nil, fmt.Errorf("make handler %s: %w", name, err)
		}
	}
	var f plugins.Forwarder
	if c.Forward != nil {
		f = d.newForwards(c)
	}
	return plugins.New(name, c.Config, plugins.Options{Logger: d.logger.Named("handler"), Version: d.options.Version, Forwarder: f, Later: &d.later})
}

func retryOf(c conf.Handler) scheduler.Retry {
	return scheduler.Retry{Attempts: c.Retry.Attempts, Backoff: c.Retry.Backoff.Std(), MaxBackoff: c.Retry.MaxBackoff.Std()}
}

func batchOf(c conf.Handler) scheduler.Batch {
	return scheduler.Batch{Max: c.Batch.Max, Wait: c.Batch.Wait.Std()}
}

// relative lets a path of boostd.yaml count from the file's own folder.
func (d *Daemon) relative(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(d.file().Path), path)
}

// audits are the open audit files by path: handlers may share one.
type audits map[string]*audit.Writer

func (a audits) open(path string, logger hclog.Logger) (*audit.Writer, error) {
	if w := a[path]; w != nil {
		return w, nil
	}
	w, err := audit.Open(path, logger)
	if err == nil {
		a[path] = w
	}
	return w, err
}

// flush has the kernel have the lines of everything that was settled before: what
// was committed stands in the audit, even if the daemon is killed. A failure is the
// writer's to say.
func (a audits) flush() {
	for _, w := range a {
		_ = w.Flush()
	}
}

func (a audits) close() error {
	var errs []error
	for _, w := range a {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}
