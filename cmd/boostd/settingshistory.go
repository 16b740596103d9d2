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
	"unicode"

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

// edition is a version with its document; without a Hash there is none.
type edition struct {
	configwatch.Entry

	text []byte
}

// now is the current version.
func (p *past) now(ctx context.Context) (edition, error) {
	e, text, err := p.Current(ctx)
	return edition{e, text}, err
}

// find is a version by its name, by the beginning of its hash, or the current one.
func (p *past) find(ctx context.Context, name string) (edition, error) {
	now, err := p.now(ctx)
	if err != nil {
		return edition{}, err
	}
	isHash := hashLike(name)
	switch {
	case now.Hash != "" && (name == currentVersion || name == now.Name || isHash && strings.HasPrefix(now.Hash, name)):
		return now, nil
	case name == currentVersion:
		return edition{}, noVersion(name)
	case isHash:
		return p.findHash(ctx, name)
	}
	v, err := p.Get(ctx, name)
	return edition{configwatch.Entry{Name: name, Hash: configwatch.Hash(v.Data)}, v.Data}, err
}

func (p *past) findHash(ctx context.Context, hash string) (edition, error) {
	all, err := p.List(ctx)
	if err != nil {
		return edition{}, err
	}
	n := slices.IndexFunc(all, func(e configwatch.Entry) bool { return strings.HasPrefix(e.Hash, hash) })
	if n < 0 {
		return edition{}, noVersion(hash)
	}
	v, err := p.Get(ctx, all[n].Name)
	return edition{all[n], v.Data}, err
}

func noVersion(name string) error {
	return fmt.Errorf("version %q: %w", name, configwatch.ErrNoVersion)
}

// hashLike tells the beginning of a hash, of 8 characters or more, from a name.
func hashLike(s string) bool {
	return len(s) >= 8 && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
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
		hash, comment := e.Hash, e.Comment
		if e.Problem != "" {
			hash, comment = "-", "can't be read: "+e.Problem
		}
		fmt.Fprintf(w, "%s\t%s\t%.12s\t%s\t%s\t%s\n", star, printable(e.Name), hash, e.At.Local().Format(time.DateTime), printable(e.By), printable(comment))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the history: %w", err)
	}
	return nil
}

// printable is somebody's text on one line of a terminal, and no order to it.
func printable(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || !unicode.IsGraphic(r) }), " ")
}

// conflict shows what somebody else has changed since base, where that is why err
// is; where base isn't known any more, what is different in mine.
func conflict(to io.Writer, err error, base edition, mine []byte) error {
	c, ok := errors.AsType[configwatch.Conflict](err)
	switch {
	case !ok:
		return err
	case c.Current.Hash == "":
		return fmt.Errorf("%w; without --base yours becomes the first", err)
	case base.text != nil:
		fmt.Fprint(to, unified(base.Name, c.Current.Name, base.text, c.Data))
	default:
		fmt.Fprint(to, unified(c.Current.Name, "yours", c.Data, mine))
	}
	return fmt.Errorf("%w: nothing is changed; put your change into that one, and push it with --base %.12s", err, c.Current.Hash)
}
