package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/letters"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
)

// resolveFlags are what replay and purge have in common.
type resolveFlags struct{ dryRun, yes, asJSON bool }

func (f *resolveFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "only say what would be done")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "don't ask")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON document at the end")
}

func newDLQReplay() *cobra.Command {
	f, o := &resolveFlags{}, letters.Replay{}
	c := &cobra.Command{
		Use:   "replay [BASE… | PLACE…]",
		Short: "Send the messages of dead letters back to where they came from",
		Long: "Send the messages of dead letters back to the topics and partitions that they came from, as they were. A letter\n" +
			"is marked as replayed once the brokers have its message. When that is interrupted, do it again: at most 100\n" +
			"messages then come twice. What dies again meanwhile is not replayed by the same run.\n\n" +
			"A message that was replayed --max-replays times stays, so does a record that somebody else has written, and one\n" +
			"that says it came from a topic that this dead-letter topic isn't for.\n\n" + whichLetters,
		Example: "  boostd dlq replay orders --reason '*timeout*' --dry-run -c boostd.yaml\n  boostd dlq replay orders --newer 2h --rate 20 --yes -c boostd.yaml\n" +
			"  boostd dlq replay orders_dlq/3@17 -c boostd.yaml",
	}
	load, selected := brokerFlags(c), selectFlags(c)
	c.Flags().IntVar(&o.Rate, "rate", 100, "at most so many messages a second; 0 is no bound")
	c.Flags().IntVar(&o.Most, "max-replays", deadletter.MaxReplays, "how often a message may be replayed in all")
	f.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		bases, sel, err := selected(args)
		if err == nil && (o.Rate < 0 || o.Most < 1) {
			err = usage("want a --rate of 0 or more, and --max-replays of 1 or more\nsee: %s --help", c.CommandPath())
		}
		if err != nil {
			return err
		}
		p, err := load()
		if err != nil {
			return err
		}
		return p.withLetters(c, bases, sel, func(ctx context.Context, d *desk) error {
			o.Partitions = d.have
			return d.replay(ctx, c, f, o)
		})
	}
	return c
}

func (d *desk) replay(ctx context.Context, c *cobra.Command, f *resolveFlags, o letters.Replay) error {
	account := letters.NewAccount()
	if f.dryRun {
		err := d.survey.Rehearse(ctx, d.sel, o, account)
		return f.tell(c, account, "would be replayed", nil, err)
	}
	err := confirm(c, f.yes, func() (string, error) {
		would := letters.NewAccount()
		err := d.survey.Rehearse(ctx, d.sel, o, would)
		return would.Summary("would be replayed") + "Replay them?", err
	})
	if err != nil {
		return err
	}
	err = d.producing(account, func(sender letters.Sender) error {
		return d.survey.Replay(ctx, d.sel, sender, o, account)
	})
	err = f.tell(c, account, "replayed", nil, err)
	if n := account.Refused(); err == nil && n > 0 && len(d.sel.Places) > 0 {
		err = fmt.Errorf("%d of the letters that were named were not replayed", n)
	}
	return err
}

// producing calls do with a producer, and shows how far the account is.
func (d *desk) producing(account *letters.Account, do func(letters.Sender) error) error {
	producer, err := kafkaio.NewProducer(d.kafka, hclog.NewNullLogger()) // failures are the account's
	if err != nil {
		return err
	}
	defer producer.Close()
	open := d.survey.Open()
	end := tellProgress(func() string { return account.Progress(open) })
	defer end()
	return do(producer)
}

// tell prints the account, and returns the command's error.
func (f *resolveFlags) tell(c *cobra.Command, account *letters.Account, did string, deleted *int64, err error) error {
	var printErr error
	if report := account.Report(); f.asJSON {
		report.DryRun, report.Deleted, report.Interrupted = f.dryRun, deleted, errors.Is(err, context.Canceled)
		printErr = printJSON(c.OutOrStdout(), report)
	} else {
		_, printErr = fmt.Fprint(c.OutOrStdout(), account.Summary(did))
	}
	switch failed := account.Failed(); {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%d letters are resolved, the same command goes on with the others", account.Done())
	case err != nil:
		return err
	case failed > 0:
		return fmt.Errorf("%d of %d letters were not %s", failed, account.Selected(), did)
	}
	return printErr
}
