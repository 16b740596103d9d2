package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/priority"
)

// settingsProblem is a problem as `settings validate --json` prints it.
type settingsProblem struct {
	Pointer string `json:"pointer"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Text    string `json:"text"`
}

// settingsValidity is what `settings validate --json` prints.
type settingsValidity struct {
	File     string            `json:"file"`
	Valid    bool              `json:"valid"`
	Problems []settingsProblem `json:"problems"`
	Warnings []settingsProblem `json:"warnings"`
}

func newSettingsValidate() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "validate FILE",
		Short: "Say everything that is wrong with a settings document",
		Long: "Say everything that is wrong with a settings document, each at its line and column and with its JSON\n" +
			"pointer; - is standard input. Warnings are for what is accepted and may not be meant. Exit code 78 says\n" +
			"that a daemon wouldn't take it.",
		Example: "  boostd settings validate settings.json",
		Args:    oneFile,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, args []string) error {
		text, err := readDocument(c.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		_, warnings, err := priority.Parse(text)
		var problems priority.Problems
		if err != nil && !errors.As(err, &problems) {
			return err
		}
		if asJSON {
			return errors.Join(printJSON(c.OutOrStdout(), settingsValidity{args[0], err == nil, listed(problems), listed(warnings)}),
				refused(args[0], problems))
		}
		for _, w := range warnings {
			fmt.Fprintf(c.ErrOrStderr(), "warning: %s\n", placed(args[0], w))
		}
		for _, p := range problems {
			fmt.Fprintln(c.ErrOrStderr(), placed(args[0], p))
		}
		if err != nil {
			return refused(args[0], problems)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s is valid\n", args[0])
		return err
	}
	return c
}

// readDocument reads a settings document from a file, or from in for "-".
func readDocument(in io.Reader, path string) ([]byte, error) {
	if path != "-" {
		return configwatch.ReadFile(path)
	}
	text, err := io.ReadAll(io.LimitReader(in, priority.MaxDocument+1)) // Parse refuses the one byte more
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return text, nil
}

// refused is the error of a document with problems, nil without any.
func refused(path string, problems priority.Problems) error {
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return exitError{exitConfig, fmt.Errorf("%s has 1 problem", path)}
	default:
		return exitError{exitConfig, fmt.Errorf("%s has %d problems", path, len(problems))}
	}
}

func listed(problems []priority.Problem) []settingsProblem {
	all := make([]settingsProblem, len(problems))
	for n, p := range problems {
		all[n] = settingsProblem{p.Pointer, p.Line, p.Column, p.Text}
	}
	return all
}
