package main

import (
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/priority"
)

func newSettingsSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the settings document, for editors",
		Long: "Print the JSON Schema of the settings document (draft 2020-12), for editors. `boostd settings validate`\n" +
			"finds more: a schema can't compare one value with another.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(priority.Schema)
			return err
		},
	}
}
