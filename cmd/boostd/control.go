package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/console"
)

// controlFlags adds the flags that say which daemon a command talks to, and
// returns what makes a client of it: --control names its socket, -c its
// configuration; without them it is the one that runs where a daemon without
// these settings would.
func controlFlags(c *cobra.Command) func() (*console.Client, error) {
	socket := c.Flags().String("control", "", "the daemon's control socket")
	load := configFlags(c)
	return func() (*console.Client, error) {
		if *socket != "" {
			return console.Dial(*socket), nil
		}
		if c.Flags().Changed("config") {
			loaded, err := load()
			if err != nil {
				return nil, err
			}
			if loaded.File.Control == "" {
				return nil, usage("control is off in this configuration: there is no socket to ask")
			}
			return console.Dial(loaded.File.Control), nil
		}
		if c.Flags().Changed("set") {
			return nil, usage("--set changes what -c names, and there is no -c\nsee: %s --help", c.CommandPath())
		}
		return console.Dial(usualSocket(conf.DefaultControl(), conf.SystemControl)), nil
	}
}

// usualSocket is our own daemon's socket, or the machine's where only that is
// there: a member of the group boostd runs none of their own.
func usualSocket(own, system string) string {
	if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(system); !errors.Is(err, fs.ErrNotExist) {
			return system
		}
	}
	return own
}

// unanswered gives an error of the client the exit code that it comes to.
func unanswered(err error) error {
	if errors.Is(err, console.ErrNoDaemon) {
		return exitError{exitUnreachable, err}
	}
	return err
}

// printLines prints one JSON line a record.
func printLines[T any](to io.Writer, records []T) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	for _, r := range records {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}
