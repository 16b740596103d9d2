package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// shells are those with a completion script. Windows has none: boostd's tests
// don't run there.
var shells = []string{"bash", "zsh", "fish"}

// newCompletion stands in the place of cobra's own command, which neither knows
// our exit codes nor says what is wrong with a shell that it doesn't know.
func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Print a completion script for a shell",
		Long: "Print the script that makes a shell complete boostd's commands and flags.\n" +
			"Packages install it; for the shell that runs now, see the examples.",
		Example: "  source <(boostd completion bash)\n" +
			"  boostd completion zsh > ~/.zfunc/_boostd\n" +
			"  boostd completion fish > ~/.config/fish/completions/boostd.fish",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return usage("%s takes one of %s, got %q\nsee: %s --help", c.CommandPath(), strings.Join(shells, ", "), args, c.CommandPath())
			}
			return nil
		},
		ValidArgs: shells,
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			switch root, to := c.Root(), c.OutOrStdout(); args[0] {
			case "bash":
				err = root.GenBashCompletionV2(to, true)
			case "zsh":
				err = root.GenZshCompletion(to)
			case "fish":
				err = root.GenFishCompletion(to, true)
			}
			if err != nil {
				return fmt.Errorf("print the completion script: %w", err)
			}
			return nil
		},
	}
}
