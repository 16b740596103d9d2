package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/letters"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

// purgeFlags are what `dlq purge` is told beside which letters are meant.
type purgeFlags struct {
	resolveFlags
	keep, resolved bool
}

func newDLQPurge() *cobra.Command {
	f := &purgeFlags{}
	c := &cobra.Command{
		Use:   "purge [BASE… | PLACE…]",
		Short: "Give dead letters up, and delete what is before the first open one",
		Long: "Mark dead letters as purged: these commands pass them over from then on. Then what stands in each partition before\n" +
			"its first open letter, the replayed ones too, is deleted from Kafka, which takes the permission Delete on the\n" +
			"topic. Without filters all letters are purged that are there when it begins; with --resolved none is, and only\n" +
			"what is resolved already is deleted.\n\n" + whichLetters,
		Example: "  boostd dlq purge orders --older 720h --dry-run -c boostd.yaml\n  boostd dlq purge orders --reason '*no such customer*' --yes -c boostd.yaml\n" +
			"  boostd dlq purge --resolved -c boostd.yaml",
	}
	load, selected := brokerFlags(c), selectFlags(c)
	c.Flags().BoolVar(&f.keep, "keep-records", false, "only mark letters, and delete nothing")
	c.Flags().BoolVar(&f.resolved, "resolved", false, "mark nothing, and only delete what was replayed or purged before")
	f.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		bases, sel, err := selected(args)
		if err == nil && f.resolved && (f.keep || f.dryRun) {
			err = usage("--resolved with --keep-records or --dry-run does nothing\nsee: %s --help", c.CommandPath())
		}
		if err != nil {
			return err
		}
		p, err := load()
		if err != nil {
			return err
		}
		return p.withLetters(c, bases, sel, func(ctx context.Context, d *desk) error { return d.purge(ctx, c, f) })
	}
	return c
}

func (d *desk) purge(ctx context.Context, c *cobra.Command, f *purgeFlags) error {
	account := letters.NewAccount()
	switch {
	case f.dryRun:
		err := d.survey.Count(ctx, d.sel, account)
		return f.tell(c, account, "would be purged", nil, err)
	case f.resolved:
		deleted, err := d.survey.Trim(ctx)
		if err != nil {
			return err
		}
		return f.tellPurged(c, account, &deleted, nil)
	}
	err := confirm(c, f.yes, func() (string, error) {
		would := letters.NewAccount()
		err := d.survey.Count(ctx, d.sel, would)
		return fmt.Sprintf("Purge %s of %s open letters?", term.Number(int64(would.Selected())), term.Number(int64(d.survey.Open()))), err
	})
	if err != nil {
		return err
	}
	err = d.producing(account, func(sender letters.Sender) error { return d.survey.Purge(ctx, d.sel, sender, account) })
	if err != nil || f.keep {
		return f.tellPurged(c, account, nil, err)
	}
	deleted, err := d.survey.Trim(ctx)
	if err != nil { // the letters are purged all the same
		fmt.Fprintf(c.ErrOrStderr(), "note: resolved letters stay in Kafka, and are passed over: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		return f.tellPurged(c, account, nil, nil)
	}
	return f.tellPurged(c, account, &deleted, nil)
}

// tellPurged is tell, after how many records were deleted, if any were to be.
func (f *purgeFlags) tellPurged(c *cobra.Command, account *letters.Account, deleted *int64, err error) error {
	if deleted != nil && !f.asJSON {
		fmt.Fprintf(c.OutOrStdout(), "%s records deleted, marks included\n", term.Number(*deleted))
	}
	return f.tell(c, account, "purged", deleted, err)
}
