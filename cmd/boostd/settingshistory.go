package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/configwatch"
)

// historyTimeout bounds what a command does with a history.
const historyTimeout = 30 * time.Second

// past is the history of the settings that boostd.yaml names.
type past struct {
	configwatch.History

	file *conf.File
}

// historyFlags adds -c, and returns what opens the history.
func historyFlags(c *cobra.Command) func() (*past, error) {
	configFlags(c)
	return func() (*past, error) { return openPast(c) }
}

func openPast(c *cobra.Command) (*past, error) {
	loaded, err := readConfig(c)
	if err != nil {
		return nil, err
	}
	printWarnings(c.ErrOrStderr(), loaded.Warnings)
	h, err := configwatch.OpenHistory(loaded.File.Settings, filepath.Dir(loaded.File.Path), hclog.NewNullLogger())
	return &past{h, loaded.File}, err
}

// currentVersion is how arguments call the version that is current.
const currentVersion = "current"

// find is a version by its name, by the beginning of its hash, or the current one.
func (p *past) find(ctx context.Context, name string) (configwatch.Entry, error) {
	all, err := p.List(ctx)
	if err != nil {
		return configwatch.Entry{}, err
	}
	n := slices.IndexFunc(all, func(e configwatch.Entry) bool {
		return e.Name == name || e.Current && name == currentVersion || len(name) >= 8 && strings.HasPrefix(e.Hash, name)
	})
	if n < 0 {
		return configwatch.Entry{}, fmt.Errorf("version %q: %w", name, configwatch.ErrNoVersion)
	}
	return all[n], nil
}

// text is a version's document.
func (p *past) text(ctx context.Context, name string) ([]byte, configwatch.Entry, error) {
	e, err := p.find(ctx, name)
	if err != nil {
		return nil, e, err
	}
	v, err := p.Get(ctx, e.Name)
	return v.Data, e, err
}

func newSettingsHistory() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "history",
		Short: "List the versions of the settings document, newest first",
		Long: "List the versions of the settings document, newest first: who made each, when, and why; the current one has\n" +
			"a star. Versions of a file are kept in history/ beside it, those in S3 in their folder. A version that was\n" +
			"put there by other hands has no author.",
		Example: "  boostd settings history -c boostd.yaml",
		Args:    noArgs,
	}
	open := historyFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a version")
	c.RunE = func(c *cobra.Command, _ []string) error {
		p, err := open()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), historyTimeout)
		defer cancel()
		all, err := p.List(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return printLines(c.OutOrStdout(), all)
		}
		return printHistory(c.OutOrStdout(), all)
	}
	return c
}

func printHistory(to io.Writer, all []configwatch.Entry) error {
	if len(all) == 0 {
		fmt.Fprintln(to, "there is no version yet")
		return nil
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tVERSION\tHASH\tMADE\tBY\tCOMMENT")
	for _, e := range all {
		star := ""
		if e.Current {
			star = "*"
		}
		fmt.Fprintf(w, "%s\t%s\t%.12s\t%s\t%s\t%s\n", star, e.Name, e.Hash, e.At.Local().Format(time.DateTime), printable(e.By), printable(e.Comment))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the history: %w", err)
	}
	return nil
}

// printable is somebody's text on one line of a terminal.
func printable(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == ' ' }), " ")
}

// conflict shows what somebody else has changed, where that is why err is.
func conflict(to io.Writer, err error, mine []byte, base string) error {
	c, ok := errors.AsType[configwatch.Conflict](err)
	if !ok {
		return err
	}
	if c.Data != nil {
		fmt.Fprint(to, unified(c.Current.Name, "yours", c.Data, mine))
	}
	return fmt.Errorf("%w: put your change into that one, and push it with --base %.12s, not %.12s", err, c.Current.Hash, base)
}
