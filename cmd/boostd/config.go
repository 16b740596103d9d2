package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
)

func newConfig() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "config",
		Short: "Write, check and explain boostd.yaml",
		Long: "Write, check and explain boostd.yaml.\n\n" +
			"What counts, the strongest first: --set KEY=VALUE, environment variables, the file, defaults. A key is\n" +
			"written as `config show` and all problems write it; a list stands in brackets:\n\n" +
			"  --set handlers.orders.slots=8 --set kafka.properties.fetch.wait.max.ms=5 --set 'kafka.brokers=[a:9092, b:9092]'\n\n" +
			"Its variable is BOOSTD_ and the key in capitals, with _ between the words: BOOSTD_HANDLERS_ORDERS_SLOTS.\n" +
			"Names of your own, such as orders, must be in the file for that; an empty variable counts as not set.\n\n" +
			"Values may hold ${NAME}, a variable; ${file:PATH}, what a file has in it; and ${credential:NAME}, a\n" +
			"credential of systemd. $${ is ${ itself. Secrets are never given on the command line.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newConfigInit(), newConfigValidate(), newConfigShow(), newConfigSchema(), newConfigCheck())
	return c
}

// configFlags adds the flags that say which configuration a command uses, and
// returns what loads it. Warnings are the caller's to show.
func configFlags(c *cobra.Command) func() (conf.Loaded, error) {
	c.Flags().StringP("config", "c", "", "boostd.yaml")
	c.Flags().StringArray("set", nil, "KEY=VALUE that counts before the file, such as handlers.orders.slots=8; repeatable")
	return func() (conf.Loaded, error) { return readConfig(c) }
}

// readConfig reads what the flags of configFlags say.
func readConfig(c *cobra.Command) (conf.Loaded, error) {
	path, _ := c.Flags().GetString("config")
	set, _ := c.Flags().GetStringArray("set")
	if path == "" {
		return conf.Loaded{}, usage("%s needs a configuration file\nsee: %s -c boostd.yaml", c.Name(), c.CommandPath())
	}
	loaded, err := conf.Read(path, conf.Options{Set: set, Environ: os.Environ()})
	if err != nil {
		err = exitError{exitConfig, err}
	}
	return loaded, err
}

// printWarnings is for commands that log nothing.
func printWarnings(to io.Writer, warnings conf.Problems) {
	for _, w := range warnings {
		fmt.Fprintf(to, "warning: %v\n", w)
	}
}

// invalid shows problems as lines that editors and other programs read, and is
// the error behind them. Other errors stay as they are.
func invalid(to io.Writer, file string, err error) error {
	var problems conf.Problems
	if !errors.As(err, &problems) {
		return err
	}
	fmt.Fprintln(to, problems)
	what := "problems"
	if len(problems) == 1 {
		what = "problem"
	}
	return exitError{exitConfig, fmt.Errorf("%s has %d %s", file, len(problems), what)}
}

// printJSON prints one document.
func printJSON(to io.Writer, document any) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}
