package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/letters"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

func newDLQPurge() *cobra.Command {
	f, keep := &resolveFlags{}, false
	c := &cobra.Command{
		Use:   "purge [BASE… | PLACE…]",
		Short: "Give dead letters up, and delete what is before the first open one",
		Long: "Mark dead letters as purged: these commands pass them over from then on. Then what stands in each partition before\n" +
			"its first open letter, the replayed ones too, is deleted from Kafka, which takes the permission Delete on the\n" +
			"topic. Without filters all letters are purged that are there when it begins.\n\n" + whichLetters,
		Example: "  boostd dlq purge orders --older 720h --dry-run -c boostd.yaml\n  boostd dlq purge orders --reason '*no such customer*' --yes -c boostd.yaml",
	}
	load, selected := brokerFlags(c), selectFlags(c)
	c.Flags().BoolVar(&keep, "keep-records", false, "only mark letters, and delete nothing")
	f.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		bases, sel, err := selected(args)
		if err != nil {
			return err
		}
		p, err := load()
		if err != nil {
			return err
		}
		return p.withLetters(c, bases, sel, func(ctx context.Context, d *desk) error { return d.purge(ctx, c, f, keep) })
	}
	return c
}

func (d *desk) purge(ctx context.Context, c *cobra.Command, f *resolveFlags, keep bool) error {
	account := letters.NewAccount()
	if f.dryRun {
		err := d.survey.Count(ctx, d.sel, account)
		return f.tell(c, account, "would be purged", nil, err)
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
	var deleted *int64
	if err == nil && !keep {
		deleted = d.trim(ctx, c)
	}
	if deleted != nil && !f.asJSON {
		fmt.Fprintf(c.OutOrStdout(), "%s records deleted, marks included\n", term.Number(*deleted))
	}
	return f.tell(c, account, "purged", deleted, err)
}

// trim deletes what is resolved. That it couldn't is a note: the letters are
// purged all the same.
func (d *desk) trim(ctx context.Context, c *cobra.Command) *int64 {
	n, err := d.survey.Trim(ctx)
	if err != nil {
		fmt.Fprintf(c.ErrOrStderr(), "note: resolved letters stay in Kafka, and are passed over: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		return nil
	}
	return &n
}
