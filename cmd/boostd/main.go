// Command boostd consumes Kafka topics highest priority first.
//
// It owns flags, signals, standard streams and exit codes: one file a
// subcommand, which reads its flags, makes one call, and prints. Everything else
// is in the rooms.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	err := newRoot().Execute()
	if err != nil {
		fmt.Fprintf(os.Stderr, "boostd: %v\n", err)
	}
	os.Exit(codeOf(err))
}

// newRoot is the whole command line.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:           "boostd",
		Short:         "Consume Kafka topics highest priority first",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noSubcommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w\nsee: %s --help", err, c.CommandPath())
	})
	root.AddCommand(newRun(), newProduce(), newTopics(), newDLQ(), newStatus(), newLevels(), newHeld(), newHandlers(), newSettings(), newLogLevel(), newConfig(), newDemo(), newSimulate(), newBroker(), newVersion(), newMan(), newCompletion())
	return root
}

// noSubcommand is what a command with subcommands says to a word that it
// doesn't know.
func noSubcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf(", did you mean %q?", near[0])
	}
	return usage("%s\nsee: %s --help", text, c.CommandPath())
}

// noArgs refuses arguments with the exit code for wrong usage.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument, got %q\nsee: %s --help", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}
