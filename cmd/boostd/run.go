package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/logs"
)

func newRun() *cobra.Command {
	var level, back string
	var wait bool
	var load func() (conf.Loaded, error)
	c := &cobra.Command{
		Use:   "run -c boostd.yaml",
		Short: "Run the daemon",
		Long: "Run the daemon until SIGTERM or SIGINT. It then finishes what is in flight, commits, and exits 0;\n" +
			"a second signal ends it at once. SIGHUP reads boostd.yaml and the settings again, as `boostd settings reload` does.\n\n" +
			"--rewind reads again what KafkaBoost, or an application, has committed and perhaps not handled: before any\n" +
			"consumer joins, each group's committed offsets go back to the first message of the last 10m, or, with a number,\n" +
			"by so many messages in each partition; where work has piled up, take a number. Offsets never go forward, and\n" +
			"partitions without one are left to kafka.start. It needs groups without members, or else exits 1 and changes\n" +
			"nothing. It happens at each start with the flag: keep it out of the unit, where a restart would rewind again.",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := logs.CheckLevel(level); level != "" && err != nil {
				return usage("--log-level: %w", err)
			}
			var rewind kafkaio.Rewind
			if back != "" {
				var err error
				if rewind, err = kafkaio.ParseRewind(back); err != nil {
					return usage("--rewind %w", err)
				}
			}
			read := func() (conf.Loaded, error) {
				loaded, err := load()
				if err == nil && level != "" {
					loaded.File.Log.Level = level // also when it is read again
				}
				return loaded, err
			}
			loaded, err := read()
			if err != nil {
				return err
			}
			logger, levels, err := logs.New(logs.Options{Output: os.Stderr, Config: loaded.File.Log, Level: level})
			if err != nil {
				return exitError{exitConfig, fmt.Errorf("%s: log: %w", loaded.File.Path, err)}
			}
			for _, w := range loaded.Warnings {
				logger.Warn("configuration", "note", w.String())
			}
			daemon.TuneRuntime()
			return run(daemon.Options{Config: loaded.File, Reread: read, Wait: wait, Rewind: rewind, Logger: logger, Levels: levels, Version: version, Instance: instance()})
		},
	}
	load = configFlags(c)
	c.Flags().BoolVar(&wait, "wait", false, "keep trying when no broker answers at start")
	c.Flags().StringVar(&back, "rewind", "", "first go back in every group, by a duration or by a number of messages a partition")
	c.Flags().StringVar(&level, "log-level", "", "trace, debug, info, warn or error; in the place of log.level")
	return c
}

// instance names this process among others: host and process id.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return host + "/" + strconv.Itoa(os.Getpid())
}

// errSignal is the cause of a start that a signal ended.
var errSignal = errors.New("stopped by a signal")

// run is the daemon's life under signals and a service manager.
func run(o daemon.Options) error {
	manager := newNotifier(o.Logger)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	hangups := make(chan os.Signal, 1) // a storm of them is one
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	stopping := make(chan struct{})
	go watchSignals(signals, stopping, cancel, o.Logger)
	attendance, leave := context.WithCancel(context.Background())
	var attendants sync.WaitGroup
	defer attendants.Wait()
	defer leave()
	o.Up = func(d *daemon.Daemon) {
		manager.Ready()
		attendants.Go(func() { manager.Watch(attendance, d.Live) })
		attendants.Go(func() { tellManager(attendance, manager, d) })
		attendants.Go(func() { reloadOn(attendance, hangups, d, o.Logger) })
	}

	d, err := daemon.Start(ctx, o)
	switch {
	case errors.Is(err, errSignal):
		return nil // nothing was consumed yet
	case errors.Is(err, daemon.ErrConfig):
		return exitError{exitConfig, err}
	case errors.Is(err, kafkaio.ErrUnreachable):
		return exitError{exitUnreachable, err}
	case err != nil:
		return err
	}
	o.Logger.Info("running")
	var failure error
	select {
	case <-stopping:
	case failure = <-d.Failed():
		o.Logger.Error("a part of the daemon failed: stopping", "error", failure)
	}
	manager.Stopping()
	if err := errors.Join(failure, d.Stop()); errors.Is(err, kafkaio.ErrInstanceTaken) {
		return exitError{exitConfig, fmt.Errorf("stopped: %w", err)} // to start again would end the other
	} else if err != nil {
		return exitError{exitUnclean, fmt.Errorf("stopped uncleanly: %w", err)}
	}
	o.Logger.Info("stopped")
	return nil
}

// tellInterval is the time between two looks at what the service manager shows
// as the unit's status.
const tellInterval = 2 * time.Second

// tellManager keeps the unit's status text true until ctx ends.
func tellManager(ctx context.Context, manager *notifier, d *daemon.Daemon) {
	ticker := time.NewTicker(tellInterval)
	defer ticker.Stop()
	for told := ""; ; {
		if text := d.Headline(); text != told {
			manager.Status(text)
			told = text
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// reloadOn reads boostd.yaml and the settings again at each SIGHUP until ctx ends;
// the daemon logs the outcome.
func reloadOn(ctx context.Context, hangups <-chan os.Signal, d *daemon.Daemon, logger hclog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			if r, err := d.Reload(ctx); err == nil && !r.Changed {
				logger.Info("boostd.yaml and the settings were read again and have not changed")
			}
		}
	}
}

// watchSignals turns the first signal into a stop and the second into the end
// of the process. It lives as long as the process does.
func watchSignals(signals <-chan os.Signal, stopping chan<- struct{}, cancel context.CancelCauseFunc, logger hclog.Logger) {
	logger.Info("stopping", "signal", (<-signals).String())
	cancel(errSignal)
	close(stopping)
	fmt.Fprintf(os.Stderr, "boostd: %v again: ending at once, what is in flight will be repeated\n", <-signals)
	os.Exit(exitUnclean)
}
