package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newLogLevel() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "log-level [[ROOM=]LEVEL…]",
		Short: "Show the daemon's log levels, or change them while it runs",
		Long: "Show the daemon's log levels, or change them while it runs: for all rooms, or for one, such as kafka,\n" +
			"scheduler or handler. Levels are trace, debug, info, warn and error. Payloads are never logged.",
		Example: "  boostd log-level kafka=debug scheduler=debug\n  boostd log-level warn",
	}
	client := controlFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, args []string) error {
		cl, err := client()
		if err != nil {
			return err
		}
		for _, arg := range args {
			room, level, ok := strings.Cut(arg, "=")
			if !ok {
				room, level = "", arg
			}
			if err := cl.SetLogLevel(c.Context(), room, level); err != nil {
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
