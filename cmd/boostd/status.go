package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/dashboard"
	"github.com/kafkaboost/boostd/console"
)

func newStatus() *cobra.Command {
	var asJSON, watch bool
	var interval time.Duration
	c := &cobra.Command{
		Use:   "status",
		Short: "Show how the daemon does: levels, consumers, handlers, alarms",
		Long: "Show how the daemon does: what waits at each level, what the gate lets through and why, slots, held messages,\n" +
			"and what is wrong. A dash stands for what isn't known. It exits 69 when no daemon answers.",
		Example: "  boostd status\n  boostd status --watch\n  boostd status --json | jq '.levels[] | select(.level == 10)'",
		Args:    noArgs,
	}
	client := controlFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.Flags().BoolVar(&watch, "watch", false, "show it live; q or Ctrl-C ends")
	c.Flags().DurationVar(&interval, "interval", time.Second, "time between two looks, with --watch")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cl, err := client()
		if err != nil {
			return err
		}
		switch {
		case watch && (asJSON || interval < 100*time.Millisecond):
			return usage("--watch goes without --json, and with an --interval of at least 100ms")
		case !watch && c.Flags().Changed("interval"):
			return usage("--interval goes with --watch")
		case watch:
			return dashboard.Watch(c.Context(), cl, interval, os.Stdin, os.Stdout)
		}
		if asJSON {
			// As the daemon has written it: a newer one may say more than we know.
			text, err := cl.StatusJSON(c.Context())
			if err != nil {
				return unanswered(err)
			}
			return printJSON(c.OutOrStdout(), json.RawMessage(text))
		}
		s, err := cl.Status(c.Context())
		if err != nil {
			return unanswered(err)
		}
		return printStatus(c.OutOrStdout(), s)
	}
	return c
}

// wide is the width of what isn't printed on a terminal: programs cut lines
// themselves.
const wide = 400

func printStatus(to io.Writer, s *console.Status) error {
	width, colour := wide, false
	if f, ok := to.(*os.File); ok && xterm.IsTerminal(int(f.Fd())) {
		if w, _, err := xterm.GetSize(int(f.Fd())); err == nil && w > 0 {
			width = w
		}
		colour = os.Getenv("NO_COLOR") == ""
	}
	if _, err := fmt.Fprintln(to, strings.Join(dashboard.Render(s, time.Now(), width, colour), "\n")); err != nil {
		return fmt.Errorf("print status: %w", err)
	}
	return nil
}
