package main

import "github.com/spf13/cobra"

func newHandlers() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "handlers",
		Short: "Begin a handler of your own, and try it",
		Long: "Begin a handler of your own, and try it. A plugin is a program that handles messages in a process of its own;\n" +
			"docs/PLUGINS.md says how to write one in Go, Python or any language with gRPC.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newHandlersCheck(), newHandlersNew())
	return c
}
