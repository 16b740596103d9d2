package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/priority"
)

// pushFlags are those of push and restore.
type pushFlags struct {
	by, comment string
	dryRun      bool
	asJSON      bool
}

func (f *pushFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.by, "by", whoami(), "who makes the version")
	c.Flags().StringVarP(&f.comment, "comment", "m", "", "why")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what it would change, and write nothing")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON document")
}

// whoami is the user who gives the order, also behind sudo.
func whoami() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

func newSettingsPush() *cobra.Command {
	var f pushFlags
	var base string
	c := &cobra.Command{
		Use:   "push FILE",
		Short: "Make a settings document the current version",
		Long: "Make a settings document the current version, where the source is a file or a folder in S3; - is standard\n" +
			"input. It is checked first, also against boostd.yaml. --base names the version that it was made from, as\n" +
			"`settings history` lists them: when that isn't the current one any more, somebody else has changed the settings\n" +
			"meanwhile; then nothing is written, the difference is shown, and it exits 1. --base current takes that risk.",
		Example: "  boostd settings show current -c boostd.yaml > new.json\n" +
			"  boostd settings push new.json --base 4f0c1d9a7b21 -m 'refunds before orders' -c boostd.yaml",
		Args: oneFile,
	}
	open := historyFlags(c)
	f.add(c)
	c.Flags().StringVar(&base, "base", "", "the version that the document was made from, or current")
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := open()
		if err != nil {
			return err
		}
		text, err := readDocument(c.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), historyTimeout)
		defer cancel()
		hash, err := p.base(ctx, base)
		if err != nil {
			return err
		}
		return p.push(ctx, c, args[0], text, hash, f)
	}
	return c
}

// base is the hash of the version that --base names.
func (p *past) base(ctx context.Context, name string) (string, error) {
	if name != "" {
		e, err := p.find(ctx, name)
		return e.Hash, err
	}
	e, err := p.find(ctx, currentVersion)
	if errors.Is(err, configwatch.ErrNoVersion) {
		return "", nil // this is the first
	}
	if err != nil {
		return "", err
	}
	return "", usage("name the version that the document was made from with --base, so that nobody's change is lost; the current one is --base %.12s", e.Hash)
}

func newSettingsRestore() *cobra.Command {
	var f pushFlags
	c := &cobra.Command{
		Use:   "restore VERSION",
		Short: "Make an earlier version of the settings document the current one",
		Long: "Make an earlier version of the settings document the current one: as a new version, so that nothing is lost.\n" +
			"When somebody changes the settings at the same moment, nothing is written, and it exits 1.",
		Example: "  boostd settings restore settings-2026-11-29T12:00:00.000Z.json -c boostd.yaml",
		Args:    oneVersion,
	}
	open := historyFlags(c)
	f.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := open()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), historyTimeout)
		defer cancel()
		text, e, err := p.text(ctx, args[0])
		if err != nil {
			return err
		}
		current, err := p.find(ctx, currentVersion)
		if err != nil && !errors.Is(err, configwatch.ErrNoVersion) {
			return err
		}
		if f.comment == "" {
			f.comment = "restored " + e.Name
		}
		return p.push(ctx, c, e.Name, text, current.Hash, f)
	}
	return c
}

func oneVersion(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes one version, got %d\nsee: %s --help", c.CommandPath(), len(args), c.CommandPath())
	}
	return nil
}

// push checks a document and makes it the current version, or says what that would
// change.
func (p *past) push(ctx context.Context, c *cobra.Command, name string, text []byte, base string, f pushFlags) error {
	next, err := p.check(c.ErrOrStderr(), name, text)
	if err != nil {
		return err
	}
	effect := daemon.EffectOf(p.file, p.now(ctx), next)
	if f.dryRun {
		if f.asJSON {
			return printJSON(c.OutOrStdout(), effect)
		}
		return printEffect(c.OutOrStdout(), effect)
	}
	e, err := p.Push(ctx, text, base, configwatch.Note{By: f.by, Comment: f.comment})
	if err != nil {
		return conflict(c.ErrOrStderr(), err, text, base)
	}
	if f.asJSON {
		return printJSON(c.OutOrStdout(), e)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "version %s, %.12s, is current\n", e.Name, e.Hash)
	return err
}

// check refuses what a daemon would refuse.
func (p *past) check(to io.Writer, name string, text []byte) (*priority.Settings, error) {
	next, warnings, err := priority.Parse(text)
	for _, w := range warnings {
		fmt.Fprintln(to, placed(name, w))
	}
	if problems, ok := errors.AsType[priority.Problems](err); ok {
		for _, problem := range problems {
			fmt.Fprintln(to, placed(name, problem))
		}
		return nil, refused(name, problems)
	}
	if err == nil {
		err = daemon.Check(p.file, next)
	}
	if err != nil {
		return nil, exitError{exitConfig, fmt.Errorf("%s: %w", name, err)}
	}
	return next, nil
}

// now are the current settings, nil where there are none that can be used.
func (p *past) now(ctx context.Context) *priority.Settings {
	text, _, err := p.text(ctx, currentVersion)
	if err != nil {
		return nil
	}
	settings, _, _ := priority.Parse(text)
	return settings
}

func printEffect(to io.Writer, e daemon.Effect) error {
	if e.Nothing() {
		_, err := fmt.Fprintln(to, "priorities alone would change; topics, consumers and policies are the same")
		return err
	}
	for _, line := range []struct {
		what  string
		names []string
	}{
		{"new topics", e.NewTopics},
		{"topics read until they are empty", e.RetiredTopics},
		{"new consumers", e.Added},
		{"consumers with other topics", e.Changed},
		{"consumers that end when their topics are empty", e.Retired},
		{"handlers with another policy", e.Policies},
	} {
		if len(line.names) > 0 {
			if _, err := fmt.Fprintf(to, "%s: %s\n", line.what, strings.Join(line.names, ", ")); err != nil {
				return err
			}
		}
	}
	return nil
}
