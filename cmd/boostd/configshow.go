package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
)

// effective is what `config show --json` prints.
type effective struct {
	File   string       `json:"file"`
	Values []conf.Value `json:"values"`
}

func newConfigShow() *cobra.Command {
	var document bool
	c := &cobra.Command{
		Use:   "show -c boostd.yaml",
		Short: "Show the effective values, and where each comes from",
		Long: "Show the effective values, and where each comes from: file:line:column, --set, an environment variable,\n" +
			"or default. Secrets are masked.",
		Args: noArgs,
	}
	load := configFlags(c)
	c.Flags().BoolVar(&document, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, _ []string) error {
		loaded, err := load()
		printWarnings(c.ErrOrStderr(), loaded.Warnings)
		file := c.Flag("config").Value.String()
		switch {
		case err != nil:
			return invalid(c.ErrOrStderr(), file, err)
		case document:
			return printJSON(c.OutOrStdout(), effective{file, loaded.Values})
		}
		return printValues(c.OutOrStdout(), loaded.Values)
	}
	return c
}

func printValues(to io.Writer, values []conf.Value) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, v := range values {
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Path, v, v.From)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	return nil
}
