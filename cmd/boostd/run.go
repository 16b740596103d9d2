package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/kafkaio"
)

func newRun() *cobra.Command {
	var path, level string
	var wait bool
	c := &cobra.Command{
		Use:   "run -c boostd.yaml",
		Short: "Run the daemon",
		Long: "Run the daemon until SIGTERM or SIGINT. It then finishes what is in flight, commits, and exits 0;\n" +
			"a second signal ends it at once.",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if path == "" {
				return usage("run needs a configuration file\nsee: boostd run -c boostd.yaml")
			}
			logger, err := newLogger(os.Stderr, level)
			if err != nil {
				return err
			}
			config, err := conf.Load(path)
			if err != nil {
				return exitError{exitConfig, err}
			}
			tuneRuntime()
			return run(daemon.Options{Config: config, Wait: wait, Logger: logger})
		},
	}
	c.Flags().StringVarP(&path, "config", "c", "", "boostd.yaml")
	c.Flags().BoolVar(&wait, "wait", false, "keep trying when no broker answers at start")
	c.Flags().StringVar(&level, "log-level", "info", "trace, debug, info, warn or error")
	return c
}

// errSignal is the cause of a start that a signal ended.
var errSignal = errors.New("stopped by a signal")

// run is the daemon's life under signals.
func run(o daemon.Options) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	stopping := make(chan struct{})
	go watchSignals(signals, stopping, cancel, o.Logger)

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
	if err := errors.Join(failure, d.Stop()); err != nil {
		return exitError{exitUnclean, fmt.Errorf("stopped uncleanly: %w", err)}
	}
	o.Logger.Info("stopped")
	return nil
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
