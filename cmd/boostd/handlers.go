package main

import "github.com/spf13/cobra"

func newHandlers() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "handlers",
		Short: "List handlers, replace their plugins, begin and try your own",
		Long: "A handler is what messages are given to. One of kind plugin is a process that boostd starts, watches, and\n" +
			"replaces without a pause; docs/PLUGINS.md says how to write one in Go, Python or any language with gRPC.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newHandlersList(), newHandlersReplace(), newHandlersCheck(), newHandlersNew())
	return c
}
