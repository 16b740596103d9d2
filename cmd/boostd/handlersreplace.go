package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/console"
)

func newHandlersReplace() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "replace HANDLER",
		Short: "Have another process of a handler's plugin take over, without a pause",
		Long: "Start another process of the handler's plugin, from its file as it is now, beside the old one, and wait until it\n" +
			"serves. What the old one has begun it finishes, then it is ended: no message is lost, repeated, or waits.\n\n" +
			"It exits 1 when the new process isn't ready, and says why; then the old one goes on. A file that changes is\n" +
			"taken over by itself.",
		Example: "  boostd handlers replace orders",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("name one handler\nsee: %s --help", c.CommandPath())
			}
			return nil
		},
	}
	client := controlFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document, the new process's")
	c.RunE = func(c *cobra.Command, args []string) error {
		cl, err := client()
		if err != nil {
			return err
		}
		p, err := cl.ReplacePlugin(c.Context(), console.ReplaceOrder{Handler: args[0]})
		if err != nil {
			return unanswered(err)
		}
		if asJSON {
			return printJSON(c.OutOrStdout(), p)
		}
		text := "another process serves handler " + args[0]
		if p.PID != nil {
			text += fmt.Sprintf(": %s, process %d", oneLine(p.Name+" "+p.Version), *p.PID)
		}
		fmt.Fprintln(c.OutOrStdout(), text)
		return nil
	}
	return c
}
