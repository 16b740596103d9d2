package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/console"
)

func newLevels() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "levels",
		Short: "List the levels, and pause and resume them by hand",
		Long: "List the levels. A level that is paused by hand starts no message until it is resumed, or its time is over;\n" +
			"the pause outlives rebalances and, where there is a state_dir, restarts.",
		Example: "  boostd levels\n  boostd levels --json | jq 'select(.paused) | .level'",
		Args:    noSubcommand,
	}
	client := controlFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a level")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cl, err := client()
		if err != nil {
			return err
		}
		s, err := cl.Status(c.Context())
		if err != nil {
			return unanswered(err)
		}
		if asJSON {
			return printLines(c.OutOrStdout(), s.Levels)
		}
		return printStatus(c.OutOrStdout(), &console.Status{Version: s.Version, Instance: s.Instance, UptimeS: s.UptimeS,
			Phase: s.Phase, Waiting: s.Waiting, Ready: s.Ready, Settings: s.Settings, Levels: s.Levels})
	}
	c.AddCommand(newLevelsPause(), newLevelsResume())
	return c
}

func newLevelsPause() *cobra.Command {
	var r console.PauseRequest
	var asJSON bool
	c := &cobra.Command{
		Use:     "pause N…",
		Short:   "Let nothing of these levels start",
		Example: "  boostd levels pause 0 1 2 --for 30m --why 'the warehouse is down'",
	}
	client := controlFlags(c)
	c.Flags().DurationVar(&r.For, "for", 0, "end by itself after that time; default: when it is resumed")
	c.Flags().StringVar(&r.Why, "why", "", "why, for everybody who looks")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a level")
	c.RunE = func(c *cobra.Command, args []string) error {
		if c.Flags().Changed("for") && r.For <= 0 {
			return usage("--for %v: want more than 0, such as 30m\nsee: %s --help", r.For, c.CommandPath())
		}
		return eachLevel(c, client, args, func(cl *console.Client, level int) error {
			r.Level = level
			p, err := cl.Pause(c.Context(), r)
			switch {
			case err != nil:
				return err
			case asJSON:
				return printLines(c.OutOrStdout(), []console.Pause{p})
			}
			until := ""
			if p.Until != nil {
				until = " until " + p.Until.Local().Format(time.RFC3339)
			}
			fmt.Fprintf(c.OutOrStdout(), "level %d is paused%s\n", level, until)
			return nil
		})
	}
	return c
}

func newLevelsResume() *cobra.Command {
	c := &cobra.Command{
		Use:     "resume N…",
		Short:   "End these levels' pauses by hand",
		Example: "  boostd levels resume 0 1 2",
	}
	client := controlFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return eachLevel(c, client, args, func(cl *console.Client, level int) error {
			if err := cl.Resume(c.Context(), level, ""); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "level %d runs again\n", level)
			return nil
		})
	}
	return c
}

// eachLevel does something with every level that is named, also after an error.
func eachLevel(c *cobra.Command, client func() (*console.Client, error), args []string, do func(*console.Client, int) error) error {
	if len(args) == 0 {
		return usage("name at least one level\nsee: %s --help", c.CommandPath())
	}
	levels := make([]int, len(args))
	for n, a := range args {
		level, err := strconv.Atoi(a)
		if err != nil {
			return usage("level %q: want a whole number\nsee: %s --help", a, c.CommandPath())
		}
		levels[n] = level
	}
	cl, err := client()
	if err != nil {
		return err
	}
	var errs []error
	for _, level := range levels {
		err := do(cl, level)
		if errors.Is(err, console.ErrNoDaemon) {
			return unanswered(err) // nor will it for the others
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
