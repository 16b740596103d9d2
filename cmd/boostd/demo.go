package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/demo"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/kafkaio"
)

func newDemo() *cobra.Command {
	var o demo.Options
	var whole float64
	var slots int
	var document bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show on one machine what priority does: a backlog, a stream over it, and a verdict",
		Long: "Run a daemon against an embedded broker, or against --brokers. A topic is boosted from level 5 of 0…10,\n" +
			"a backlog of low-priority messages is worked off, and meanwhile a stream of high-priority ones comes.\n" +
			"At the end the audit and the producer's own ledger are judged. Exit code 0 says: nothing lost, nothing\n" +
			"handled twice, nothing out of order. On a given cluster all topics and groups begin with\n" +
			"boostd-demo-<random>- and are deleted at the end, after Ctrl-C too.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Handler, err = demo.ParseHandler(o.HandlerText); err != nil {
				return usage("--%w\nsee: boostd demo --help", err)
			}
			o.Handler.Slots, o.Total = slots, time.Duration(whole*float64(time.Second))
			err = errors.Join(o.Handler.Validate()...)
			if err == nil {
				err = o.Plan()
			}
			if err != nil {
				return usage("demo: %w\nsee: boostd demo --help", err)
			}
			daemon.TuneRuntime()
			return runDemo(o, document, c.OutOrStdout())
		},
	}
	c.Flags().Float64Var(&whole, "seconds", 20, "how long the whole run may take")
	c.Flags().IntVar(&slots, "slots", 64, "how many messages are handled at once")
	c.Flags().StringVar(&o.HandlerText, "handler", demo.DefaultHandler, "noop, sleep=1ms, sleep=1ms-5ms, http=URL or exec=CMD ARG…")
	c.Flags().StringSliceVar(&o.Brokers, "brokers", nil, "host:port of a cluster to use instead of the embedded broker")
	c.Flags().BoolVar(&document, "json", false, "print the summary as one JSON document and nothing else")
	return c
}

// runDemo shows the run live on a terminal, in lines elsewhere, and not at all
// beside a document.
func runDemo(o demo.Options, document bool, out io.Writer) error {
	screen := demo.NewScreen(os.Stdout, os.Stderr)
	defer screen.Close()
	o.Logger = hclog.New(&hclog.LoggerOptions{Name: "boostd", Level: hclog.Warn, Output: screen})
	switch {
	case document:
	case term.Live(os.Stdout):
		o.Show, o.Every = screen.Show, 150*time.Millisecond
	default:
		o.Show, o.Every = func(s demo.Snapshot) { fmt.Fprintln(out, demo.Line(s)) }, time.Second
	}
	report, err := demoUnderSignals(o, screen)
	screen.Close()
	switch {
	case errors.Is(err, kafkaio.ErrUnreachable):
		return exitError{exitUnreachable, err}
	case err != nil:
		return exitError{exitFailed, err}
	}
	return printReport(report, document, out)
}

func printReport(report demo.Report, document bool, out io.Writer) error {
	text := []byte(report.Summary())
	if document {
		var err error
		if text, err = report.JSON(); err != nil {
			return err
		}
	}
	if _, err := out.Write(text); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	if !report.Clean() {
		return exitError{exitFailed, errors.New("the demo is not clean")}
	}
	return nil
}

// demoUnderSignals lets the first signal end the run, which then clears up, and
// the second the process.
func demoUnderSignals(o demo.Options, screen *demo.Screen) (demo.Report, error) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan struct{})
	var tasks sync.WaitGroup
	tasks.Go(func() {
		select {
		case <-ended:
			return
		case s := <-signals:
			screen.Close()
			fmt.Fprintf(os.Stderr, "boostd: %v: stopping and clearing up\n", s)
			cancel(fmt.Errorf("ended by a signal: %v", s))
		}
		select {
		case <-ended:
		case s := <-signals:
			fmt.Fprintf(os.Stderr, "boostd: %v again: ending at once, topics and groups boostd-demo-… may be left\n", s)
			os.Exit(exitUnclean)
		}
	})
	report, err := demo.Run(ctx, o)
	signal.Stop(signals)
	close(ended)
	tasks.Wait()
	cancel(nil)
	return report, err
}
