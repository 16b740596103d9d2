package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/deadletter"
)

func newHeld() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "held",
		Short: "List held messages, and retry and skip them",
		Long: "A message is held when it failed for good and no dead-letter topic took it: it isn't committed, and waits for a\n" +
			"person. Each instance holds those of its own partitions; they stay held over restarts and rebalances.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newHeldList(), newHeldResolve(heldRetry), newHeldResolve(heldSkip))
	return c
}

// heldFlags say which of the held messages are meant.
type heldFlags struct {
	topic, reason string
	level         int
}

func (f *heldFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.topic, "topic", "", "only those of this topic")
	c.Flags().IntVar(&f.level, "level", -1, "only those of this level")
	c.Flags().StringVar(&f.reason, "reason", "", "only those whose reason has this in it, or is like this pattern with * and ?")
}

func (f *heldFlags) given(c *cobra.Command) bool {
	return c.Flags().Changed("topic") || c.Flags().Changed("level") || c.Flags().Changed("reason")
}

// filter keeps those that are meant: the rules are those of dead letters.
func (f *heldFlags) filter(all []console.Held) []console.Held {
	wanted := deadletter.Filter{Reason: f.reason}
	if f.topic != "" {
		wanted.Origin = &boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: f.topic, Partition: -1}, Offset: -1}
	}
	if f.level >= 0 {
		wanted.Level = new(boostd.Level(f.level))
	}
	meant := []console.Held{}
	for _, h := range all {
		as := deadletter.Letter{Known: true, Origin: h.Coordinates(), Level: boostd.Level(h.Level), Reason: h.Reason}
		if wanted.Matches(&as, h.At) {
			meant = append(meant, h)
		}
	}
	return meant
}

func newHeldList() *cobra.Command {
	var f heldFlags
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the held messages of this instance",
		Example: "  boostd held list --reason '*timeout*'\n  boostd held list --json | jq -r .reason | sort | uniq -c",
		Args:    noArgs,
	}
	client := controlFlags(c)
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a message")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cl, err := client()
		if err != nil {
			return err
		}
		list, err := cl.Held(c.Context())
		if err != nil {
			return unanswered(err)
		}
		meant := f.filter(list.Held)
		if more := list.Count - len(list.Held); more > 0 {
			fmt.Fprintf(c.ErrOrStderr(), "boostd: these are of the first %d, there are %d more\n", len(list.Held), more)
		}
		if asJSON {
			return printLines(c.OutOrStdout(), meant)
		}
		return printHeld(c.OutOrStdout(), meant)
	}
	return c
}

func printHeld(to io.Writer, held []console.Held) error {
	if len(held) == 0 {
		fmt.Fprintln(to, "no message is held")
		return nil
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MESSAGE\tLEVEL\tHANDLER\tATTEMPTS\tSINCE\tREASON")
	for _, h := range held {
		fmt.Fprintf(w, "%v\t%d\t%s\t%d\t%s\t%s\n", h.Coordinates(), h.Level, h.Handler, h.Attempts,
			h.At.Local().Format(time.DateTime), strings.Join(strings.Fields(h.Reason), " "))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print held messages: %w", err)
	}
	return nil
}
