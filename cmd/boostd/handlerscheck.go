package main

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/plugins/conformance"
)

// checkedPlugin is what `handlers check` prints with --json.
type checkedPlugin struct {
	Path  string               `json:"path"`
	OK    bool                 `json:"ok"`
	Cases []conformance.Result `json:"cases"`
}

func newHandlersCheck() *cobra.Command {
	var o conformance.Options
	var settings []string
	var asJSON bool
	c := &cobra.Command{
		Use:   "check PATH [ARG…]",
		Short: "Start a plugin as boostd does, and try whether it keeps to the protocol",
		Long: "Start a plugin as boostd does, and try whether it keeps to the protocol: each case with ok or FAIL, why, and\n" +
			"what to do. It needs no daemon and no Kafka. The messages are made up, and the handler does to them what it does:\n" +
			"any result is right as long as there is one for each. Arguments that begin with - stand behind --.\n" +
			"It exits 0 when all is well, 1 otherwise.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s takes a program and its arguments\nsee: %s --help", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.Path, o.Args = args[0], args[1:]
			var err error
			if o.Settings, err = parseSettings(settings); err != nil {
				return usage("%w\nsee: %s --help", err, c.CommandPath())
			}
			if o.Patience < time.Second || o.Patience > time.Hour {
				return usage("--patience %s: want 1s to 1h\nsee: %s --help", o.Patience, c.CommandPath())
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return checkPlugin(ctx, c.OutOrStdout(), o, asJSON)
		},
	}
	c.Flags().StringArrayVar(&settings, "settings", nil, "KEY=VALUE for the handler, as under settings: in boostd.yaml; may be repeated")
	c.Flags().DurationVar(&o.Patience, "patience", conformance.DefaultPatience, "how long the messages of one case may take")
	c.Flags().BoolVar(&o.Behaviour, "conformance", false, "look at the results, too: for a handler that does what values say, see docs/PLUGINS.md")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return c
}

func checkPlugin(ctx context.Context, to io.Writer, o conformance.Options, asJSON bool) error {
	report := checkedPlugin{Path: o.Path, Cases: []conformance.Result{}}
	failed := 0
	err := conformance.Run(ctx, o, func(r conformance.Result) {
		report.Cases = append(report.Cases, r)
		if !r.OK {
			failed++
		}
		if !asJSON {
			printCase(to, r)
		}
	})
	if err != nil {
		return fmt.Errorf("check plugin: %w", err)
	}
	report.OK = failed == 0
	if asJSON {
		if err := printJSON(to, report); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s fails %d of %d cases", o.Path, failed, len(report.Cases))
	}
	if !asJSON {
		fmt.Fprintf(to, "\n%s passes all %d cases\n", o.Path, len(report.Cases))
	}
	return nil
}

func printCase(to io.Writer, r conformance.Result) {
	if r.OK {
		fmt.Fprintf(to, "ok    %s\n", r.Case)
		return
	}
	fmt.Fprintf(to, "FAIL  %s\n", r.Case)
	indented := func(text string) {
		fmt.Fprintf(to, "      %s\n", strings.ReplaceAll(printableLines(text), "\n", "\n      "))
	}
	indented(r.Problem)
	if r.Advice != "" {
		indented("to do: " + r.Advice)
	}
	if r.Output != "" {
		indented("its last lines on standard error:\n" + r.Output)
	}
}

// printableLines are a program's own words without what a terminal would obey.
func printableLines(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r >= 0xa0) {
			return r
		}
		return '?'
	}, text)
}

// parseSettings reads KEY=VALUE.
func parseSettings(list []string) (map[string]string, error) {
	settings := map[string]string{}
	for _, s := range list {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--settings %q: want KEY=VALUE", s)
		}
		settings[key] = value
	}
	return settings, nil
}
