package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/letters"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

func newDLQList() *cobra.Command {
	var asJSON, reasons bool
	c := &cobra.Command{
		Use:   "list [BASE… | PLACE…]",
		Short: "List the dead letters that nobody has replayed or purged",
		Long: "List the dead letters that nobody has replayed or purged. The table shows no values; with --json each line has\n" +
			"the whole message as `boostd produce --format json` reads it, and what became of it under dlq. A message that\n" +
			"is produced so is a new one: its letter stays, and nothing counts how often it comes back.\n\n" + whichLetters,
		Example: "  boostd dlq list -c boostd.yaml\n  boostd dlq list orders --reason '*timeout*' --newer 1h --reasons -c boostd.yaml\n" +
			"  boostd dlq list orders --json -c boostd.yaml | jq -c '.value |= ascii_downcase' | boostd produce --format json -c boostd.yaml",
	}
	load, selected := brokerFlags(c), selectFlags(c)
	c.Flags().BoolVar(&reasons, "reasons", false, "count letters by their reasons, instead of listing them")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a letter, or a reason")
	c.RunE = func(c *cobra.Command, args []string) error {
		bases, sel, err := selected(args)
		if err != nil {
			return err
		}
		p, err := load()
		if err != nil {
			return err
		}
		return p.withLetters(c, bases, sel, func(ctx context.Context, d *desk) error {
			switch {
			case reasons:
				return d.reasons(ctx, c, asJSON)
			case asJSON:
				out := bufio.NewWriter(c.OutOrStdout())
				return errors.Join(d.survey.Each(ctx, sel, letters.Lines(out)), out.Flush())
			}
			return d.list(ctx, c)
		})
	}
	return c
}

func (d *desk) list(ctx context.Context, c *cobra.Command) error {
	table := letters.NewTable(c.OutOrStdout())
	err := d.survey.Each(ctx, d.sel, table.Add)
	rows, closeErr := table.Close()
	if err = errors.Join(err, closeErr); err == nil {
		fmt.Fprintf(c.ErrOrStderr(), "%s of %s open letters\n", term.Number(int64(rows)), term.Number(int64(d.survey.Open())))
	}
	return err
}

func (d *desk) reasons(ctx context.Context, c *cobra.Command, asJSON bool) error {
	h := &letters.Histogram{}
	if err := d.survey.Each(ctx, d.sel, h.Add); err != nil {
		return err
	}
	if asJSON {
		return printLines(c.OutOrStdout(), h.Reasons())
	}
	return h.Print(c.OutOrStdout())
}
