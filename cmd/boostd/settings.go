package main

import (
	"github.com/spf13/cobra"
)

func newSettings() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "settings",
		Short: "Write, check, explain and change the settings document",
		Long: "Write, check, explain and change the settings document, which says what priority messages have and which\n" +
			"topics are boosted. A daemon that runs takes a change by itself. It is KafkaBoost's JSON; what only boostd knows stands in it where\n" +
			"KafkaBoost passes it over.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSettingsInit(), newSettingsValidate(), newSettingsShow(), newSettingsExplain(), newSettingsTest(),
		newSettingsSchema(), newSettingsReload(), newSettingsHistory(), newSettingsDiff(), newSettingsPush(), newSettingsRestore())
	return c
}
