package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"
)

func newSettingsDiff() *cobra.Command {
	c := &cobra.Command{
		Use:   "diff A [B]",
		Short: "Show what is different in two versions of the settings document",
		Long: "Show what is different in two versions of the settings document; without B, in A and the current one. A version\n" +
			"is called as in `settings history`, by the first characters of its hash, or current. The documents are compared\n" +
			"as they are, with one value a line. It exits 1 when they differ.",
		Example: "  boostd settings diff settings-2026-11-29T12:00:00.000Z.json -c boostd.yaml",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage("%s takes one version or two, got %d\nsee: %s --help", c.CommandPath(), len(args), c.CommandPath())
			}
			return nil
		},
	}
	open := historyFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := open()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), historyTimeout)
		defer cancel()
		a, from, err := p.text(ctx, args[0])
		if err != nil {
			return err
		}
		b, to, err := p.text(ctx, append(args, currentVersion)[1])
		if err != nil {
			return err
		}
		difference := unified(from.Name, to.Name, a, b)
		if difference == "" {
			return nil
		}
		fmt.Fprint(c.OutOrStdout(), difference)
		return fmt.Errorf("the versions differ")
	}
	return c
}

// unified is the difference of two documents, or empty.
func unified(from, to string, a, b []byte) string {
	return udiff.Unified(from, to, spread(a), spread(b))
}

// spread has one value a line, in the document's own order. What is no JSON stays as
// it is.
func spread(document []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, bytes.TrimSpace(document), "", "  ") != nil {
		return string(document)
	}
	return out.String() + "\n"
}
