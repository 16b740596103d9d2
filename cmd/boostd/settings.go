package main

import (
	"github.com/spf13/cobra"
)

func newSettings() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "settings",
		Short: "Write, check and explain the settings document, and make a daemon read it",
		Long: "Write, check and explain the settings document, which says what priority messages have and which topics\n" +
			"are boosted, and make a daemon read it. It is KafkaBoost's JSON; what only boostd knows stands in it where\n" +
			"KafkaBoost passes it over.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSettingsInit(), newSettingsValidate(), newSettingsShow(), newSettingsExplain(), newSettingsTest(),
		newSettingsSchema(), newSettingsReload())
	return c
}
