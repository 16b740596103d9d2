package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/plugins"
)

// Options say what to run.
type Options struct {
	// Total bounds the whole run.
	Total time.Duration
	// Handler has the slots.
	Handler plugins.Config
	// HandlerText is the handler as it was asked for.
	HandlerText string
	// Brokers is somebody's cluster; empty for the embedded broker.
	Brokers []string
	// Show gets a picture every Every; nil for none.
	Show   func(Snapshot)
	Every  time.Duration
	Logger hclog.Logger
}

// Plan tells what is wrong with the options before anything is started.
func (o Options) Plan() error {
	_, err := planLoad(o.Total, o.Handler)
	return err
}

// run is one run of the demo.
type run struct {
	Options
	given []string // somebody's cluster
	plan  plan
	began time.Time
	setup *setup
	load  *load
	watch *watch
}

var (
	errTimeOver = errors.New("the time is over")
	errStuck    = errors.New("nothing has moved for " + stuckAfter.String())
)

// Run does it all and leaves nothing behind, whatever happens and whenever ctx
// ends. Where no broker answers its error wraps kafkaio.ErrUnreachable.
func Run(ctx context.Context, o Options) (report Report, err error) {
	r := &run{Options: o, given: o.Brokers, began: time.Now()}
	if r.plan, err = planLoad(o.Total, o.Handler); err != nil {
		return report, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dir, err := os.MkdirTemp("", "boostd-demo-")
	if err != nil {
		return report, fmt.Errorf("make a directory for the audit: %w", err)
	}
	defer os.RemoveAll(dir)
	prefix, where := newPrefix(), "a given cluster"
	if len(o.Brokers) == 0 {
		b, err := startBroker(ctx, func() { cancel(errBrokerEnded) })
		if err != nil {
			return report, err
		}
		defer b.close()
		prefix, where, r.Brokers = "", "embedded broker", []string{b.address}
	}
	if r.setup, err = newSetup(prefix, dir, r.Brokers, o.Handler); err != nil {
		return report, err
	}
	r.watch = newWatch(r.Options, r.began, where)
	defer r.watch.stop()
	return r.onTopics(ctx)
}

// onTopics runs on topics that it creates, and deletes again on a cluster that
// outlives the run.
func (r *run) onTopics(ctx context.Context) (report Report, err error) {
	c := cluster{r.setup}
	if err := c.reach(ctx); err != nil {
		return report, err
	}
	if err = c.create(ctx); err == nil {
		report, err = r.loaded(ctx)
	}
	if len(r.given) > 0 { // others end with the embedded broker
		r.watch.say("deleting topics and groups")
		err = errors.Join(err, c.delete())
	}
	report.Seconds = time.Since(r.began).Seconds()
	return report, err
}

// loaded makes the backlog and has it worked off.
func (r *run) loaded(ctx context.Context) (report Report, err error) {
	if r.load, err = newLoad(r.setup, r.Logger.Named("producer")); err != nil {
		return report, err
	}
	defer r.load.close()
	r.watch.counts(r.load.produced)
	r.watch.say("producing the backlog")
	if err := r.load.backlog(ctx, r.plan); err != nil {
		return report, err
	}
	r.watch.say("starting the daemon")
	d, err := daemon.Start(ctx, daemon.Options{Config: r.setup.config, Settings: r.setup.settings, Logger: r.Logger})
	if err != nil {
		return report, err
	}
	stalls := verdict.RecordStalls()
	r.watch.attach(d)
	streamed, err := r.work(ctx, d)
	r.watch.say("stopping the daemon")
	r.watch.detach()
	report.Stalls = stalls.Stop()
	if err := errors.Join(err, d.Stop()); err != nil {
		return report, err
	}
	r.watch.say("judging")
	log, err := audit.ReadFile(r.setup.audit)
	if err != nil {
		return report, err
	}
	if log.Missing > 0 || log.Torn > 0 {
		return report, fmt.Errorf("the audit is incomplete (%d attempts missing, %d lines torn): no judgement", log.Missing, log.Torn)
	}
	report.judge(r.load.ledger.Entries(), log.Records, streamed)
	return report, nil
}

// work lets the daemon work off the backlog with the stream in its midst, until
// all is done, nothing moves any more, or the time is over: then the verdict
// shows what was not done. It returns when the stream ended.
func (r *run) work(ctx context.Context, d *daemon.Daemon) (streamed time.Time, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel(nil)
	tasks.Go(func() {
		select {
		case err := <-d.Failed():
			cancel(fmt.Errorf("a part of the daemon failed: %w", err))
		case <-ctx.Done():
		}
	})
	end := r.began.Add(r.Total - r.plan.end)
	r.watch.say("waiting for the daemon's levels")
	if err := r.until(ctx, end, func(s progress) bool { return s.started }); err != nil {
		return streamed, err
	}
	r.watch.say("a stream of high priorities over the backlog")
	over, result := make(chan struct{}), make(chan error, 1)
	tasks.Go(func() { result <- r.load.stream(ctx, r.plan, over) })
	spare := r.load.total() / 10
	limit := time.Now().Add(r.plan.stream)
	err = r.until(ctx, end, func(s progress) bool { return s.lowLeft <= spare || s.at.After(limit) })
	close(over)
	streamed = time.Now()
	if failed := <-result; err == nil || timeIsUp(err) {
		err = failed
	}
	if err != nil {
		return streamed, err
	}
	r.watch.say("the rest of the backlog")
	if err = r.until(ctx, end, func(s progress) bool { return s.left == 0 }); timeIsUp(err) {
		err = nil
	}
	return streamed, err
}

func timeIsUp(err error) bool { return errors.Is(err, errTimeOver) || errors.Is(err, errStuck) }

// stuckAfter is how long nothing may move while there is work.
const stuckAfter = 5 * time.Second

// until waits until done says so of a picture of the run.
func (r *run) until(ctx context.Context, end time.Time, done func(progress) bool) error {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	moved, last := time.Now(), progress{}
	for {
		p, ok := r.watch.progress(ctx)
		switch {
		case ok && done(p):
			return nil
		case ok && (p.left != last.left || p.inFlight > 0 || !p.started):
			moved, last = time.Now(), p
		}
		switch now := time.Now(); {
		case now.After(end):
			return errTimeOver
		case now.Sub(moved) > stuckAfter:
			return errStuck
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
