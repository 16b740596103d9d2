package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
)

func newConfigInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Print an example of boostd.yaml, or write it to a new file",
		Long:  "Print an example of boostd.yaml with every key explained, or write it to a new file. A file that exists\nis left alone.",
		Args:  atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := c.OutOrStdout().Write(conf.Example)
				return err
			}
			if err := writeNew(args[0], conf.Example); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "wrote %s: change it, then see: boostd config validate -c %s\n", args[0], args[0])
			return err
		},
	}
}

// atMostOne lets a command have one file.
func atMostOne(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage("%s takes one file, got %q\nsee: %s --help", c.CommandPath(), args, c.CommandPath())
	}
	return nil
}

// oneFile is for a command that needs one.
func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes one file, got %d\nsee: %s --help", c.CommandPath(), len(args), c.CommandPath())
	}
	return nil
}

// writeNew writes a file that isn't there yet. Only its owner may read it: it
// may come to hold secrets.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %s: it exists already and is left alone: name another file", path)
	}
	if err != nil {
		return fmt.Errorf("write example: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write example: %w", err), os.Remove(path))
	}
	return nil
}
