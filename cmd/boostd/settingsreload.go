package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newSettingsReload() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "reload",
		Short: "Make the daemon read its settings at once, and say what came of it",
		Long: "Make the daemon read its settings at once. When the document can't be used, or wants what takes a restart,\n" +
			"it says why and exits 1, and the old settings stay in force.",
		Example: "  boostd settings reload -c /etc/boostd/boostd.yaml",
		Args:    noArgs,
	}
	client := controlFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cl, err := client()
		if err != nil {
			return err
		}
		r, err := cl.Reload(c.Context())
		if err != nil {
			return unanswered(err)
		}
		if asJSON {
			return printJSON(c.OutOrStdout(), r)
		}
		_, err = fmt.Fprintln(c.OutOrStdout(), r.Text)
		return err
	}
	return c
}
