package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newSettingsReload() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "reload",
		Short: "Make the daemon read its settings and boostd.yaml at once, and say what came of it",
		Long: "Make the daemon read its settings and boostd.yaml at once. When one of them can't be used, or boostd.yaml wants\n" +
			"what takes a restart, it says why and exits 1, and what was in force stays in force.",
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
