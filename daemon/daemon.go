package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/scheduler"
)

// Options say what to run.
type Options struct {
	// Config is boostd.yaml, validated.
	Config *conf.File
	// Settings are used instead of Config.Settings where a program has them
	// already; nil reads them.
	Settings *priority.Settings
	// Wait keeps trying to reach the brokers until the context ends; otherwise
	// Start gives up within ten seconds.
	Wait   bool
	Logger hclog.Logger
}

// Daemon is a running daemon. Its methods are safe from any goroutine.
type Daemon struct {
	config   *conf.File
	logger   hclog.Logger
	engine   *actors.Engine
	probe    *kafkaio.Probe
	handlers handlers
	audits   audits
}

// ErrConfig says that a valid boostd.yaml asks for what can't be had: a program
// that doesn't exist, a property that the Kafka client refuses.
var ErrConfig = errors.New("can't be carried out")

// Start makes the handlers, reads the settings, reaches the brokers, sees to the
// topics, and brings up sources and actors. It returns once the actors run;
// partitions are assigned later. On an error nothing is left running. Where no
// broker answers the error wraps kafkaio.ErrUnreachable, and where boostd.yaml
// is at fault ErrConfig.
//
// Absent or bad settings are no error: it says so in the log and tries again
// until they are good or ctx ends.
func Start(ctx context.Context, o Options) (*Daemon, error) {
	d := &Daemon{config: o.Config, logger: o.Logger, audits: audits{}}
	if err := d.start(ctx, o); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeBudget)
		defer cancel()
		return nil, errors.Join(err, d.release(ctx))
	}
	return d, nil
}

// start does first what needs nobody else, so that a mistake in boostd.yaml
// shows before anything outside is touched.
func (d *Daemon) start(ctx context.Context, o Options) error {
	specs, err := d.handlerSpecs()
	if err != nil {
		return err
	}
	if d.probe, err = kafkaio.NewProbe(d.config.Kafka, d.logger.Named("probe")); err != nil {
		return d.unfit(err)
	}
	settings := o.Settings
	if settings == nil {
		if settings, err = d.awaitSettings(ctx); err != nil {
			return err
		}
	}
	if err := d.prepareTopics(ctx, settings, o.Wait); err != nil {
		return err
	}
	consumers, err := d.consumerSpecs(settings) // clients that connect at once
	if err != nil {
		return d.unfit(err)
	}
	d.engine, err = actors.Start(actors.Options{
		Scheduling: scheduler.Config{StartWait: d.config.StartWait.Std(), Gate: d.config.Gate == "on"},
		Levels:     int(settings.MaxPriority) + 1,
		Handlers:   specs, Consumers: consumers, Logger: d.logger,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("start actors: %w", err), stopSources(consumers))
	}
	return nil
}

// unfit is the error of something that boostd.yaml asks for.
func (d *Daemon) unfit(err error) error {
	return fmt.Errorf("%s %w: %w", d.config.Path, ErrConfig, err)
}

// stopSources ends sources that were made and never started.
func stopSources(consumers []actors.ConsumerSpec) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeBudget)
	defer cancel()
	var errs []error
	for _, c := range consumers {
		errs = append(errs, c.Source.Stop(ctx))
	}
	return errors.Join(errs...)
}

// Status is a picture of the scheduler.
func (d *Daemon) Status(ctx context.Context) (scheduler.Status, error) { return d.engine.Status(ctx) }

// Failed yields at most one error: what runs is no whole daemon any more, and
// is to be stopped.
func (d *Daemon) Failed() <-chan error { return d.engine.Failed() }

// The stop's budget beside the configured drain. The total, with a drain of
// 20 s, is below the 45 s that the service manager gives.
const (
	cancelBudget = 2 * time.Second  // from the cancellation of handlers to their return
	stopBudget   = 10 * time.Second // commit and close, each at most half of it
	closeBudget  = 3 * time.Second  // programs and files
)

// Stop ends the daemon: nothing new starts, what is in flight gets the time of
// `drain`, what still runs then is cancelled, everything done is committed, and
// the groups are left. Its error names what hung and was abandoned, or could
// not be committed. Called once.
func (d *Daemon) Stop() error {
	d.drain()
	ctx, cancel := context.WithTimeoutCause(context.Background(), stopBudget, errors.New("the stop's budget is over"))
	defer cancel()
	err := d.engine.Stop(ctx)
	d.engine = nil
	ctx, cancel = context.WithTimeout(context.Background(), closeBudget)
	defer cancel()
	return errors.Join(err, d.release(ctx))
}

func (d *Daemon) drain() {
	idle := d.engine.Drain()
	select {
	case <-idle:
		return
	case <-d.engine.Dead():
		d.logger.Error("stopping without a drain: an actor has died")
		return
	case <-time.After(d.config.Drain.Std()):
	}
	d.logger.Warn("drain is over with messages in flight: they are cancelled and will come again", "after", d.config.Drain)
	d.engine.Cancel(errors.New("the daemon stops"))
	select {
	case <-idle:
	case <-time.After(cancelBudget):
		d.logger.Error("handlers ignore their cancellation and are abandoned")
	}
}

// release ends what build has made besides the engine.
func (d *Daemon) release(ctx context.Context) error {
	if d.probe != nil {
		d.probe.Stop()
	}
	return errors.Join(d.handlers.close(ctx), d.audits.close())
}
