package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/logs"
)

func newLogLevel() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "log-level [[ROOM=]LEVEL…]",
		Short: "Show the daemon's log levels, or change them while it runs",
		Long: "Show the daemon's log levels, or change them while it runs: for one room, or for all that have none of\n" +
			"their own. Levels are trace, debug, info, warn and error. Payloads are never logged. Rooms are\n" +
			strings.Join(logs.Rooms, ", ") + ".",
		Example: "  boostd log-level kafka=debug scheduler=debug\n  boostd log-level warn",
	}
	client := controlFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, args []string) error {
		wanted, err := parseLogLevels(args)
		if err != nil {
			return usage("%w\nsee: %s --help", err, c.CommandPath())
		}
		cl, err := client()
		if err != nil {
			return err
		}
		for _, w := range wanted {
			if err := cl.SetLogLevel(c.Context(), w.room, w.level); err != nil {
				return unanswered(err)
			}
		}
		levels, err := cl.LogLevels(c.Context())
		if err != nil {
			return unanswered(err)
		}
		if asJSON {
			return printJSON(c.OutOrStdout(), levels)
		}
		for _, room := range slices.Sorted(maps.Keys(levels)) {
			name := room
			if name == "" {
				name = "(all others)"
			}
			fmt.Fprintf(c.OutOrStdout(), "%-12s  %s\n", name, levels[room])
		}
		return nil
	}
	return c
}

type logLevel struct{ room, level string }

// parseLogLevels reads all arguments before any has an effect. Which rooms there
// are is the daemon's to say.
func parseLogLevels(args []string) ([]logLevel, error) {
	var all []logLevel
	for _, arg := range args {
		room, level, found := strings.Cut(arg, "=")
		if !found {
			room, level = "", arg
		}
		if err := logs.CheckLevel(level); err != nil {
			return nil, fmt.Errorf("log level %w", err)
		}
		if found && room == "" {
			return nil, fmt.Errorf("log level %q: want ROOM=LEVEL, or LEVEL for all rooms", arg)
		}
		all = append(all, logLevel{room, level})
	}
	return all, nil
}
