package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/priority"
)

func newSettingsShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show [VERSION]",
		Short: "Show what a settings document comes to: levels, topics, rules",
		Long: "Show what a settings document comes to: levels, topics and rules. With --json it is the document as boostd\n" +
			"would write it: defaults filled in, keys in a fixed order, unknown ones kept. With a version, as\n" +
			"`settings history` lists them, or current, it is that version's document as it was written.",
		Example: "  boostd settings show -c boostd.yaml\n  boostd settings show --settings settings.json --json\n" +
			"  boostd settings show current -c boostd.yaml > settings.json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return oneVersion(c, args)
			}
			return nil
		},
	}
	load := placeFlags(c, false)
	c.Flags().BoolVar(&asJSON, "json", false, "print the document")
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			return showVersion(c, args[0])
		}
		p, err := load()
		if err != nil {
			return err
		}
		for _, w := range p.warnings {
			fmt.Fprintf(c.ErrOrStderr(), "warning: %s\n", placed(p.path, w))
		}
		if asJSON {
			_, err := c.OutOrStdout().Write(p.settings.Encode())
			return err
		}
		return showSettings(c.OutOrStdout(), p.settings)
	}
	return c
}

// showVersion prints a version's document as it is.
func showVersion(c *cobra.Command, name string) error {
	p, err := openPast(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context(), historyTimeout)
	defer cancel()
	v, err := p.find(ctx, name)
	if err != nil {
		return err
	}
	_, err = c.OutOrStdout().Write(v.text)
	return err
}

func showSettings(to io.Writer, s *priority.Settings) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "levels 0 to %d, default %d, a value's own priority counts %s\n", s.MaxPriority, s.DefaultPriority, valueCounts(s.ValuePriority))
	if s.Policy != nil {
		fmt.Fprintf(w, "policy %s, for handlers without one of their own in boostd.yaml\n", s.Policy)
	}
	if len(s.Boosts) > 0 {
		fmt.Fprintln(w, "\nBOOSTED\tTOPICS\tPARTITIONS")
	}
	for _, b := range s.Boosts {
		partitions := strconv.Itoa(b.Partitions)
		for n := b.Min; n <= s.MaxPriority; n++ {
			if own := b.PartitionsOf(n); own != b.Partitions {
				partitions += fmt.Sprintf(", %d of level %d", own, n)
			}
		}
		topics := priority.DerivedTopic(b.Topic, b.Min)
		if b.Min < s.MaxPriority {
			topics += " to " + priority.DerivedTopic(b.Topic, s.MaxPriority)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", b.Topic, topics, partitions)
	}
	if len(s.Topics) > 0 {
		fmt.Fprintln(w, "\nTOPIC\tPRIORITY")
	}
	for _, t := range s.Topics {
		fmt.Fprintf(w, "%s\t%d\n", t.Topic, t.Priority)
	}
	if len(s.Rules) > 0 {
		fmt.Fprintln(w, "\nRULE\tPRIORITY\tSTANDS AT")
	}
	for _, r := range s.Rules {
		fmt.Fprintf(w, "%s\t%d\t%s\n", printable(r.String()), r.Priority, r.Pointer())
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the settings: %w", err)
	}
	return nil
}

func valueCounts(v priority.ValuePriority) string {
	if v == priority.ValueUnlessDefault {
		return "unless it is the default"
	}
	return v.String()
}
