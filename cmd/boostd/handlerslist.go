package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/console"
)

func newHandlersList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the handlers of the daemon, and plugins that none uses",
		Long: "List the handlers of the daemon: slots and how many are busy, how many messages a second were done, what half\n" +
			"(P50) and 99 of 100 attempts (P99) took at most in the last seconds, failures, and of plugins their process.\n" +
			"Behind them come files of plugin_dir that no handler uses. A dash stands for what isn't known, or isn't there.\n" +
			"It exits 69 when no daemon answers.",
		Example: "  boostd handlers list\n  boostd handlers list --json | jq '.handlers[] | select(.plugin.state == \"failing\") | .name'",
		Args:    noArgs,
	}
	client := controlFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cl, err := client()
		if err != nil {
			return err
		}
		list, err := cl.Handlers(c.Context())
		if err != nil {
			return unanswered(err)
		}
		if asJSON {
			return printJSON(c.OutOrStdout(), list)
		}
		if list.Error != "" {
			fmt.Fprintf(c.ErrOrStderr(), "boostd: %s\n", oneLine(list.Error))
		}
		return printHandlers(c.OutOrStdout(), list, time.Now())
	}
	return c
}

func printHandlers(to io.Writer, list console.HandlerList, now time.Time) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HANDLER\tKIND\tBUSY\tDONE/S\tP50\tP99\tRETRIED\tDEAD\tPLUGIN\tSDK\tSTATE\tPID\tFOR\tCRASHES\tREPLACED")
	for _, h := range list.Handlers {
		rate := absent
		if h.Rate != nil {
			rate = strconv.FormatFloat(*h.Rate, 'f', 1, 64)
		}
		fmt.Fprintf(w, "%s\t%s\t%d of %d\t%s\t%s\t%s\t%d\t%d\t%s\n", h.Name, h.Kind, h.Busy, h.Slots, rate,
			took(h.P50US), took(h.P99US), h.Retried, h.Dead, strings.Join(pluginCells(h.Plugin, now), "\t"))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print handlers: %w", err)
	}
	for _, h := range list.Handlers {
		if h.Plugin != nil && h.Plugin.Error != "" {
			fmt.Fprintf(to, "%s: %s\n", h.Name, oneLine(h.Plugin.Error))
		}
	}
	for _, name := range list.Unused {
		fmt.Fprintf(to, "no handler uses %s/%s\n", oneLine(list.PluginDir), oneLine(name))
	}
	return nil
}

// absent stands for what isn't known, or isn't there.
const absent = "–"

// pluginCells are those from PLUGIN on.
func pluginCells(p *console.Plugin, now time.Time) []string {
	if p == nil {
		return []string{absent, absent, absent, absent, absent, absent, absent}
	}
	cells := []string{absent, absent, p.State, absent, absent, strconv.FormatUint(p.Crashes, 10), strconv.FormatUint(p.Replaced, 10)}
	if what := oneLine(p.Name + " " + p.Version); what != "" {
		cells[0] = what
	}
	if sdk := oneLine(p.SDK); sdk != "" {
		cells[1] = sdk
	}
	if p.PID != nil {
		cells[3] = strconv.Itoa(*p.PID)
	}
	if p.Since != nil {
		cells[4] = now.Sub(*p.Since).Round(time.Second).String()
	}
	return cells
}

// took is a time of attempts, as exact as it is worth reading.
func took(us *int64) string {
	if us == nil {
		return absent
	}
	switch d := time.Duration(*us) * time.Microsecond; {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	default:
		return d.Round(100 * time.Millisecond).String()
	}
}

// oneLine makes text from outside fit for a line of a terminal.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
