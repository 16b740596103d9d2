package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/priority"
)

// pushFlags are those of push and restore.
type pushFlags struct {
	by, comment string
	dryRun      bool
	samples     string
	asJSON      bool
}

func (f *pushFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.by, "by", whoami(), "who makes the version")
	c.Flags().StringVarP(&f.comment, "comment", "m", "", "why")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what it would change, and write nothing")
	c.Flags().StringVar(&f.samples, "samples", "", "with --dry-run: a `FILE` of messages as settings test reads them; say which would get another level or topic")
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
			"meanwhile; then nothing is written, the other's change is shown, and it exits 1. --base current takes that risk.\n" +
			"--dry-run says what would change and needs no --base.",
		Example: "  boostd settings show current -c boostd.yaml > new.json\n" +
			"  boostd settings push new.json --dry-run --samples samples.jsonl -c boostd.yaml\n" +
			"  boostd settings push new.json --base 4f0c1d9a7b21 -m 'refunds before orders' -c boostd.yaml",
		Args: oneFile,
	}
	open := historyFlags(c)
	f.add(c)
	c.Flags().StringVar(&base, "base", "", "the version that the document was made from, or current")
	c.RunE = func(c *cobra.Command, args []string) error {
		return f.run(c, open, func(ctx context.Context, p *past) error {
			if args[0] == "-" && f.samples == "-" {
				return usage("the document and the samples can't both be standard input")
			}
			text, err := readDocument(c.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			from, err := p.base(ctx, base, f.dryRun)
			if err != nil {
				return err
			}
			return p.push(ctx, c, args[0], text, from, f)
		})
	}
	return c
}

// run opens the history for push and restore.
func (f *pushFlags) run(c *cobra.Command, open func() (*past, error), do func(ctx context.Context, p *past) error) error {
	if f.samples != "" && !f.dryRun {
		return usage("--samples goes with --dry-run\nsee: %s --help", c.CommandPath())
	}
	p, err := open()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context(), historyTimeout)
	defer cancel()
	return do(ctx, p)
}

// base is the version that --base names. A hash that nobody knows is one of a
// version that others have replaced without a trace: the push tells of that.
func (p *past) base(ctx context.Context, name string, dryRun bool) (edition, error) {
	if name != "" {
		v, err := p.find(ctx, name)
		if errors.Is(err, configwatch.ErrNoVersion) && hashLike(name) {
			return edition{Entry: configwatch.Entry{Hash: name}}, nil
		}
		return v, err
	}
	now, err := p.now(ctx)
	if err != nil || now.Hash == "" || dryRun {
		return now, err // without one this is the first
	}
	return edition{}, usage("name the version that the document was made from with --base, so that nobody's change is lost; the current one is --base %.12s", now.Hash)
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
		return f.run(c, open, func(ctx context.Context, p *past) error {
			now, err := p.now(ctx)
			if err != nil {
				return err
			}
			v, err := p.find(ctx, args[0])
			if err != nil {
				return err
			}
			if f.comment == "" {
				f.comment = "restored " + v.Name
			}
			return p.push(ctx, c, v.Name, v.text, now, f)
		})
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
func (p *past) push(ctx context.Context, c *cobra.Command, name string, text []byte, base edition, f pushFlags) error {
	next, err := p.check(c.ErrOrStderr(), name, text)
	if err != nil {
		return err
	}
	if f.dryRun {
		return p.preview(ctx, c, text, next, base, f)
	}
	e, err := p.Push(ctx, text, base.Hash, configwatch.Note{By: f.by, Comment: f.comment})
	if err != nil {
		return conflict(c.ErrOrStderr(), err, base, text)
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
		fmt.Fprintf(to, "warning: %s\n", placed(name, w))
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
