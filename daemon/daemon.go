package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/scheduler"
	"github.com/kafkaboost/boostd/tracing"
)

// Options say what to run.
type Options struct {
	// Config is boostd.yaml, validated.
	Config *conf.File
	// Reread reads boostd.yaml again, with all that was laid over it at first; nil:
	// what it says holds until the end. Called from one goroutine at a time.
	Reread func() (conf.Loaded, error)
	// Settings are used instead of Config.Settings where a program has them
	// already; nil reads them.
	Settings *priority.Settings
	// Wait keeps trying to reach the brokers until the context ends; otherwise
	// Start gives up within ten seconds.
	Wait bool
	// Rewind takes the groups' committed offsets back before they are joined;
	// the zero value leaves them.
	Rewind kafkaio.Rewind
	Logger hclog.Logger
	// Version and Instance are what status calls the program and this process.
	Version, Instance string
	// Levels are the loggers' levels; nil for none that could change.
	Levels LogLevels
	// Up is called once, by Start, when the configuration is good and the control
	// socket answers, and either the actors run or the start waits for somebody
	// outside; nil for nothing. What it is given may be asked, and not stopped.
	Up func(*Daemon)
	// Wrap puts something around each handler when it is made, such as what counts and
	// times its messages; it returns what is called in the handler's place. nil: nothing.
	// The wrapper has a handler's duties: see actors.Handler and boostd.Work.
	Wrap func(name string, h actors.Handler) actors.Handler
}

// Daemon is a running daemon. Its methods are safe from any goroutine.
type Daemon struct {
	options  Options
	config   atomic.Pointer[conf.File] // what of it changes, a reload swaps as a whole
	logger   hclog.Logger
	began    time.Time
	up       func()
	probe    *kafkaio.Probe
	handlers handlers
	audits   audits
	writers  writers
	tracer   *tracing.Tracer // nil where there is no tracing
	state    *state
	server   *console.Server
	outlet   outlet

	life  context.Context // of the tasks, until Stop's end
	end   context.CancelFunc
	tasks sync.WaitGroup

	engine       atomic.Pointer[actors.Engine] // nil until it runs
	activity     kafkaio.Activity
	fleet        fleet
	departures   departures
	later        plugins.Later
	retired      retired
	tryingTopics atomic.Bool
	others       others
	source       configwatch.Source // of the settings; nil where the program has them
	settings     inForce
	resolution   resolution
	reloading    chan struct{} // holds one: the right to read and to change settings
	hurry        chan struct{} // has room for one: somebody wants a look at once
	retiring     chan struct{} // the same: levels have changed, look at what they leave

	phase     phase
	findings  findings
	pulse     pulse
	book      book
	snapshots snapshots
	rates     rates

	// The monitor's own.
	judge       alarms.Judge
	pluginJudge alarms.PluginJudge
	kept        []scheduler.Pause // as the state file has them
}

var _ console.Daemon = (*Daemon)(nil)

// ErrConfig says that a valid boostd.yaml asks for what can't be had: a program
// that doesn't exist, a property that the Kafka client refuses.
var ErrConfig = errors.New("can't be carried out")

// Start makes the handlers, opens the control socket, reads the settings,
// reaches the brokers, sees to the topics, and brings up sources and actors. It
// returns once the actors run; partitions are assigned later. On an error
// nothing is left running. Where no broker answers the error wraps
// kafkaio.ErrUnreachable, and where boostd.yaml is at fault ErrConfig.
//
// Absent or bad settings are no error: it says so in the log and tries again
// until they are good or ctx ends. With Wait, neither are brokers that can't be
// reached: the actors run without them.
func Start(ctx context.Context, o Options) (*Daemon, error) {
	d := &Daemon{options: o, logger: o.Logger, began: time.Now(), audits: audits{}, reloading: make(chan struct{}, 1), hurry: make(chan struct{}, 1), retiring: make(chan struct{}, 1), snapshots: snapshots{making: make(chan struct{}, 1)}}
	d.config.Store(o.Config)
	d.outlet.daemon = d
	d.life, d.end = context.WithCancel(context.Background())
	d.up = sync.OnceFunc(func() {
		if o.Up != nil {
			o.Up(d)
		}
	})
	if err := d.start(ctx); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeBudget)
		defer cancel()
		return nil, errors.Join(err, d.release(ctx))
	}
	return d, nil
}

// start does first what needs nobody else, so that a mistake in boostd.yaml
// shows before anything outside is touched.
func (d *Daemon) start(ctx context.Context) error {
	if err := d.openTracing(); err != nil {
		return err
	}
	specs, err := d.handlerSpecs()
	if err != nil {
		return err
	}
	if d.probe, err = kafkaio.NewProbe(d.file().Kafka, d.logger.Named("probe")); err != nil {
		return d.unfit(err)
	}
	if err := d.openSettings(); err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	if err := d.firstSettings(ctx); err != nil {
		return err
	}
	d.phase.set(starting, "brokers")
	if err := d.prepareTopics(ctx, d.options.Wait); err != nil {
		return err
	}
	if err := d.rewind(ctx); err != nil {
		return err
	}
	if err := d.startEngine(specs); err != nil {
		return err
	}
	d.phase.set(running, "")
	d.up()
	return nil
}

// open takes what only one instance can have, and lets people look.
func (d *Daemon) open() error {
	if d.file().StateDir != "" {
		var err error
		if d.state, err = openState(d.file().StateDir); err != nil {
			return err
		}
	}
	d.tasks.Go(d.monitor)
	return d.serve()
}

// startEngine brings up sources, which connect at once, and actors.
func (d *Daemon) startEngine(specs []actors.HandlerSpec) error {
	settings := d.settings.current()
	setPolicies(specs, d.file(), settings)
	d.tellPolicies(d.handlerNames(), settings)
	all := d.allConsumers(settings, d.retired.get())
	plans, left, err := d.divide(all)
	if err != nil {
		return d.unfit(err)
	}
	d.tellUnknownLevels(all)
	d.others.set(left)
	members, err := d.newMembers(plans, plans)
	if err != nil {
		return d.unfit(err)
	}
	consumers := make([]actors.ConsumerSpec, len(members))
	for n, m := range members {
		consumers[n] = d.spec(m)
	}
	engine, err := actors.Start(actors.Options{
		Scheduling: scheduler.Config{StartWait: d.file().StartWait.Std(), Gate: d.file().Gate.Pausing == "on", Group: d.file().Gate.Scope == conf.GroupScope},
		Levels:     int(settings.MaxPriority) + 1,
		Handlers:   specs, Consumers: consumers, Paused: d.storedPauses(), Logger: d.logger,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("start actors: %w", err), stopMembers(members))
	}
	d.fleet.set(members, d.partsOfGroups(all))
	d.engine.Store(engine)
	d.tasks.Go(func() { d.pulse.watch(d.life, engine, &d.fleet) })
	d.tasks.Go(d.watchOthers)
	d.tasks.Go(d.watchGroups)
	if d.source != nil {
		d.tasks.Go(d.watchSettings)
	}
	return nil
}

// unfit is the error of something that boostd.yaml asks for.
func (d *Daemon) unfit(err error) error {
	return fmt.Errorf("%s %w: %w", d.file().Path, ErrConfig, err)
}

// Failed yields at most one error: what runs is no whole daemon any more, and
// is to be stopped.
func (d *Daemon) Failed() <-chan error { return d.engine.Load().Failed() }

// Live implements console.Daemon. While the daemon starts and stops, its steps
// have budgets of their own.
func (d *Daemon) Live() error {
	if name, _ := d.phase.get(); name != running {
		return nil
	}
	return d.pulse.late(time.Now())
}

// Ready implements console.Daemon.
func (d *Daemon) Ready() error {
	ctx, cancel := context.WithTimeout(d.life, snapshotPatience)
	defer cancel()
	s, err := d.Status(ctx)
	if err != nil {
		return err
	}
	return notReady(s)
}

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
	d.phase.set(stopping, "")
	d.snapshots.forget()
	engine := d.engine.Load()
	d.drain(engine)
	ctx, cancel := context.WithTimeoutCause(context.Background(), stopBudget, errors.New("the stop's budget is over"))
	defer cancel()
	err := engine.Stop(ctx)
	ctx, cancel = context.WithTimeout(context.Background(), closeBudget)
	defer cancel()
	return errors.Join(err, d.release(ctx))
}

func (d *Daemon) drain(engine *actors.Engine) {
	idle := engine.Drain()
	select {
	case <-idle:
		return
	case <-engine.Dead():
		d.logger.Error("stopping without a drain: an actor has died")
		return
	case <-time.After(d.file().Drain.Std()):
	}
	d.logger.Warn("drain is over with messages in flight: they are cancelled and will come again", "after", d.file().Drain)
	engine.Cancel(errors.New("the daemon stops"))
	select {
	case <-idle:
	case <-time.After(cancelBudget):
		d.logger.Error("handlers ignore their cancellation and are abandoned")
	}
}

// awaitTasks waits for what ends with d.life.
func (d *Daemon) awaitTasks(ctx context.Context) error {
	ended := make(chan struct{})
	var waiter sync.WaitGroup // its goroutine ends with the last task, or with the process
	waiter.Go(func() { d.tasks.Wait(); close(ended) })
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the daemon's tasks: %w", context.Cause(ctx))
	}
}

// release ends what start has made besides the engine.
func (d *Daemon) release(ctx context.Context) error {
	d.end()
	var errs []error
	if d.server != nil {
		errs = append(errs, d.server.Close(ctx))
	}
	errs = append(errs, d.outlet.close(ctx), d.awaitTasks(ctx))
	if d.probe != nil {
		d.probe.Stop()
	}
	return errors.Join(append(errs, d.handlers.close(ctx), d.closeTracing(ctx), d.audits.close(), d.closeSettings(), d.state.close())...)
}
