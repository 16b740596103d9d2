package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

// confirm asks before something is done that can't be undone. what is the
// question, made only when it is asked.
func confirm(c *cobra.Command, yes bool, what func() (string, error)) error {
	if yes {
		return nil
	}
	if !term.Live(os.Stderr) || !term.Live(os.Stdin) {
		return usage("nobody can be asked here: --yes does it without a question\nsee: %s --help", c.CommandPath())
	}
	question, err := what()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s [y/N] ", question)
	answer, _ := bufio.NewReader(c.InOrStdin()).ReadString('\n') // no answer is none
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}
