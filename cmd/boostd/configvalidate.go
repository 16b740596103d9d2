package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
)

// validity is what `config validate --json` prints.
type validity struct {
	File     string        `json:"file"`
	Valid    bool          `json:"valid"`
	Problems conf.Problems `json:"problems"`
	Warnings conf.Problems `json:"warnings"`
}

func newConfigValidate() *cobra.Command {
	var document bool
	c := &cobra.Command{
		Use:   "validate -c boostd.yaml",
		Short: "Say everything that is wrong with boostd.yaml",
		Long: "Say everything that is wrong with boostd.yaml, and with what is laid over it. No port is opened and no\n" +
			"broker is asked; files that it refers to are read. Exit code 78 says that `run` wouldn't start.",
		Args: noArgs,
	}
	load := configFlags(c)
	c.Flags().BoolVar(&document, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, _ []string) error {
		loaded, err := load()
		var problems conf.Problems
		if err != nil && !errors.As(err, &problems) {
			return err
		}
		file := c.Flag("config").Value.String()
		if document {
			v := validity{file, err == nil, append(conf.Problems{}, problems...), append(conf.Problems{}, loaded.Warnings...)}
			if printErr := printJSON(c.OutOrStdout(), v); printErr != nil {
				return printErr
			}
		} else {
			printWarnings(c.ErrOrStderr(), loaded.Warnings)
		}
		if err != nil {
			return invalid(c.ErrOrStderr(), file, err)
		}
		if !document {
			fmt.Fprintf(c.OutOrStdout(), "%s is valid\n", file)
		}
		return nil
	}
	return c
}
