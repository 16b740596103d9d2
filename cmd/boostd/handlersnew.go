package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/newhandler"
)

func newHandlersNew() *cobra.Command {
	var language string
	languages := strings.Join(newhandler.Languages(), " or ")
	c := &cobra.Command{
		Use:   "new --lang go|python DIR",
		Short: "Write the beginning of a plugin to a new folder",
		Long: "Write the beginning of a plugin to a new folder: a project that builds, with a test that passes. The handler is\n" +
			"named after the folder. A folder that isn't empty is left alone.",
		Args: oneFolder,
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(newhandler.Languages(), language) {
				return usage("--lang %q: want %s\nsee: %s --help", language, languages, c.CommandPath())
			}
			files, err := newhandler.Write(language, args[0])
			if err != nil {
				return fmt.Errorf("new handler: %w", err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "wrote %s to %s: README.md there says how to go on\n", strings.Join(files, ", "), args[0])
			return err
		},
	}
	c.Flags().StringVar(&language, "lang", "", languages)
	return c
}

// oneFolder is for a command that needs one.
func oneFolder(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes one folder, got %d\nsee: %s --help", c.CommandPath(), len(args), c.CommandPath())
	}
	return nil
}
