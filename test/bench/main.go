// Command bench measures boostd beside everything that a user would pick instead, on
// real Kafka, on this machine: `make bench`.
//
//	bench [-quick] [-rounds N] [-cases T,H] [-contestants boostd,bare] [-out DIR | -commit] [-compare FILE]
//	bench -profile DIR
//	bench -page
//
// It owns the cases, their data, the order of turns and what is measured; the contestants
// are programs of their own, which package task speaks with. Contestants that fail or
// hang are killed, and have no value in that round. All processes end with this one.
//
// It exits 0 when the run came to its end, whatever its figures, 1 when it didn't or a
// figure couldn't be written, and 2 for a wrong command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/kafkaboost/boostd/test/bench/contestants/launch"
	"github.com/kafkaboost/boostd/test/bench/report"
)

func main() {
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if err == nil {
		err = o.choose(launch.Names())
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.again {
		return writeAgain()
	}
	began := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%6.1f s  "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	before, err := earlier(o) // a file that can't be read shall not be told after half an hour
	if err != nil {
		return err
	}
	for _, name := range o.contestants {
		if missing := launch.Missing(name); missing != "" {
			say("NOT RUN: %s: %s", name, missing)
			o.contestants = slices.DeleteFunc(slices.Clone(o.contestants), func(n string) bool { return n == name })
		}
	}
	// Who can't be built fails in each case, with the reason; the others are measured.
	prepared := launch.Prepare(ctx)
	say("the contestants are built")
	if prepared != nil {
		say("but not all of them: %v", prepared)
	}
	b := &bench{options: o, launch: launch.Command, size: whole, into: &collector{}, began: began, say: say}
	if o.quick {
		b.size = quick
	}
	if o.profile != "" {
		return b.profiles(ctx, out)
	}
	failed := errors.Join(prepared, b.run(ctx))
	if ctx.Err() != nil {
		return failed
	}
	r := b.results(ctx)
	where, err := write(r, o)
	if err != nil {
		return errors.Join(failed, err)
	}
	fmt.Fprintf(out, "\n%s\nResults, table and plots are in %s.\n", r.Text(goalsOf(o)), where)
	if before != nil {
		compare(out, r, before)
	}
	return failed
}

// results are all that the run has measured.
func (b *bench) results(ctx context.Context) *report.Results {
	r := &report.Results{
		Version: report.Version, Commit: commit(ctx), Date: b.began.UTC().Format(time.RFC3339), Quick: b.quick,
		Rounds: b.rounds, Seconds: time.Since(b.began).Seconds(), Machine: machine(ctx, launch.Names()),
		Figures: b.into.figures, Failures: b.into.failures,
		Waits:  waitPlots(b.into),
		Series: append(throughputSeries(b.into), memorySeries(b.into)...),
	}
	for _, c := range launch.Names() {
		if wants(b.contestants, c.Name) {
			r.Contestants = append(r.Contestants, c)
		}
	}
	return r
}
