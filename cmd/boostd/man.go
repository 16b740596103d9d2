package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write manual pages",
		Long: "Write a manual page for each command into DIR, which is made when it isn't there.\n" +
			"Their date is SOURCE_DATE_EPOCH where it is set, otherwise that of the commit which boostd was built from:\n" +
			"the same boostd always writes the same pages.",
		Example: "  boostd man /usr/local/share/man/man1",
		Args:    oneArg("a directory"),
		RunE: func(c *cobra.Command, args []string) error {
			info, known := debug.ReadBuildInfo()
			date, err := manDate(os.Getenv("SOURCE_DATE_EPOCH"), reportVersion(info, known).Built)
			if err != nil {
				return err
			}
			return writeManPages(c.Root(), args[0], date)
		},
	}
}

// oneArg refuses all but one argument, with the exit code for wrong usage.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("%s takes %s, got %q\nsee: %s --help", c.CommandPath(), what, args, c.CommandPath())
		}
		return nil
	}
}

// manDate is the pages' date; 1970 when nobody knows one, for today's would be
// another every day.
func manDate(epoch, built string) (time.Time, error) {
	if epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return time.Time{}, usage("SOURCE_DATE_EPOCH is %q: set it to seconds since 1970, or unset it", epoch)
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	if at, err := time.Parse(time.RFC3339, built); err == nil {
		return at.UTC(), nil
	}
	return time.Unix(0, 0).UTC(), nil
}

// writeManPages writes the pages of root and all its commands into dir. It
// removes nothing: dir may be one that all programs share.
func writeManPages(root *cobra.Command, dir string, date time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory of the manual pages: %w", err)
	}
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "boostd " + version, Manual: "boostd"}
	if err := doc.GenManTree(root, header, filepath.Clean(dir)); err != nil {
		return fmt.Errorf("write manual pages: %w", err)
	}
	return nil
}
