package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

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
		from, err := p.find(ctx, args[0])
		if err != nil {
			return err
		}
		to, err := p.find(ctx, append(args, currentVersion)[1])
		if err != nil {
			return err
		}
		difference := unified(from.Name, to.Name, from.text, to.text)
		if difference == "" {
			return nil
		}
		fmt.Fprint(c.OutOrStdout(), difference)
		return fmt.Errorf("the versions differ")
	}
	return c
}

// unified is the difference of two documents, or empty. What could be an order to a
// terminal stands there as JSON escapes it.
func unified(from, to string, a, b []byte) string {
	text := udiff.Unified(printable(from), printable(to), spread(a), spread(b))
	if !strings.ContainsFunc(text, unseen) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if unseen(r) {
			fmt.Fprintf(&out, "\\u%04x", r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func unseen(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }

// spread has one value a line, in the document's own order. What is no JSON, or
// nested as deep as no settings are, stays as it is.
func spread(document []byte) string {
	var out bytes.Buffer
	if tooDeep(document) || json.Indent(&out, bytes.TrimSpace(document), "", "  ") != nil {
		return string(document)
	}
	return out.String() + "\n"
}

// tooDeep finds what indenting would make very large. Brackets in texts count as
// well.
func tooDeep(document []byte) bool {
	depth := 0
	for _, c := range document {
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth > maxDepth {
			return true
		}
	}
	return false
}

const maxDepth = 1000
