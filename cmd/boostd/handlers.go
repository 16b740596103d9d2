package main

import "github.com/spf13/cobra"

func newHandlers() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "handlers",
		Short: "List the handlers, and replace their plugins while they run",
		Long: "A handler is what messages are given to. One of kind plugin is a process that boostd starts, watches, and\n" +
			"replaces without a pause.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newHandlersList(), newHandlersReplace())
	return c
}
