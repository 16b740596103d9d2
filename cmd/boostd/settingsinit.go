package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
)

func newSettingsInit() *cobra.Command {
	var topic string
	var from, top, partitions int
	c := &cobra.Command{
		Use:     "init [FILE]",
		Short:   "Print a settings document to begin with, or write it to a new file",
		Long:    "Print a settings document to begin with, or write it to a new file. A file that exists is left alone.",
		Example: "  boostd settings init --topic orders --min 5 --partitions 9 settings.json",
		Args:    atMostOne,
	}
	c.Flags().StringVar(&topic, "topic", "orders", "the topic to boost")
	c.Flags().IntVar(&from, "min", 5, "the lowest level with a topic of its own")
	c.Flags().IntVar(&top, "max", 10, "the highest level")
	c.Flags().IntVar(&partitions, "partitions", 3, "partitions of each level's topic")
	c.RunE = func(c *cobra.Command, args []string) error {
		text := priority.Example(topic, boostd.Level(from), boostd.Level(top), partitions).Encode()
		var problems priority.Problems
		if _, _, err := priority.Parse(text); errors.As(err, &problems) {
			return usage("such a document would be refused: %s: %s\nsee: %s --help", problems[0].Pointer, problems[0].Text, c.CommandPath())
		}
		if len(args) == 0 {
			_, err := c.OutOrStdout().Write(text)
			return err
		}
		if err := writeNew(args[0], text); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "wrote %s: change it, then see: boostd settings validate %s\n", args[0], args[0])
		return err
	}
	return c
}
