package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/letters"
	"github.com/kafkaboost/boostd/kafkaio"
)

func newDLQShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show PLACE",
		Short:   "Show one dead letter with all that is in it",
		Long:    "Show one dead letter with all that is in it, also one that is replayed or purged. PLACE is\nTOPIC/PARTITION@OFFSET as `dlq list` shows it.",
		Example: "  boostd dlq show orders_dlq/3@17 -c boostd.yaml",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("name one letter as TOPIC/PARTITION@OFFSET\nsee: %s --help", c.CommandPath())
			}
			return nil
		},
	}
	load := brokerFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line")
	c.RunE = func(c *cobra.Command, args []string) error {
		at, err := parsePlace(args[0])
		if err != nil {
			return usage("%w\nsee: %s --help", err, c.CommandPath())
		}
		p, err := load()
		if err != nil {
			return err
		}
		return p.withBrokers(c.Context(), func(ctx context.Context, admin *kafkaio.Admin) error {
			have, err := admin.Topics(ctx)
			if err != nil {
				return err
			}
			if n := have[at.Topic]; int(at.Partition) >= n {
				return fmt.Errorf("show %s: the topic has %d partitions", at, n)
			}
			letter, done, err := letters.Find(ctx, admin, at)
			if err != nil {
				return err
			}
			if asJSON {
				return printLines(c.OutOrStdout(), []letters.Line{letters.NewLine(letter, done)})
			}
			return letters.Show(c.OutOrStdout(), letter, done)
		})
	}
	return c
}
