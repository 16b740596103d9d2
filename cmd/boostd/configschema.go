package main

import (
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
)

func newConfigSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of boostd.yaml, for editors",
		Long: "Print the JSON Schema of boostd.yaml (draft 2020-12), for editors: with the YAML language server, write\n" +
			"\"# yaml-language-server: $schema=boostd.schema.json\" at the file's beginning.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(conf.Schema)
			return err
		},
	}
}
