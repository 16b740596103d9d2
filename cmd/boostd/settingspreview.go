package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/priority"
)

// preview is what push and restore print with --dry-run --json.
type preview struct {
	daemon.Effect

	// Same: the document is the current version's, byte for byte.
	Same    bool       `json:"same"`
	Samples *rerouting `json:"samples,omitempty"`
}

// rerouting is what becomes of samples.
type rerouting struct {
	Moved []move `json:"moved"`
	Stay  int    `json:"stay"`
}

// move is a sample that gets another level or topic.
type move struct {
	Line   int    `json:"line"`
	Name   string `json:"name"`
	Before route  `json:"before"`
	After  route  `json:"after"`
}

// preview says what a push would change, or that it would be a conflict.
func (p *past) preview(ctx context.Context, c *cobra.Command, text []byte, next *priority.Settings, base edition, f pushFlags) error {
	now, err := p.now(ctx)
	if err != nil {
		return err
	}
	if now.Hash != base.Hash {
		return conflict(c.ErrOrStderr(), configwatch.Conflict{Current: now.Entry, Data: now.text}, base, text)
	}
	old, _, err := priority.Parse(now.text)
	if err != nil { // old is nil
		what := "there is no current version"
		if now.Hash != "" {
			what = "the current version isn't valid"
		}
		fmt.Fprintf(c.ErrOrStderr(), "%s: everything is new\n", what)
	}
	shown := preview{Effect: daemon.EffectOf(p.file, old, next), Same: now.Hash == configwatch.Hash(text)}
	if f.samples != "" {
		samples, err := readSamples(c.InOrStdin(), f.samples)
		if err != nil {
			return err
		}
		if shown.Samples, err = reroute(f.samples, samples, old, next); err != nil {
			return err
		}
	}
	if f.asJSON {
		return printJSON(c.OutOrStdout(), shown)
	}
	return errors.Join(printEffect(c.OutOrStdout(), shown), printRerouting(c.OutOrStdout(), f.samples, shown.Samples))
}

// reroute compares what two settings make of samples; old may be nil, then nothing
// is compared with.
func reroute(path string, samples []sample, old, next *priority.Settings) (*rerouting, error) {
	r := &rerouting{Moved: []move{}}
	if old == nil {
		return nil, fmt.Errorf("samples need valid current settings to be compared with")
	}
	was, is := priority.NewResolver(old), priority.NewResolver(next)
	for n := range samples {
		m, err := samples[n].message()
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, samples[n].line, err)
		}
		before, after := routed(was, m), routed(is, m)
		if before.Priority == after.Priority && before.Topic == after.Topic {
			r.Stay++
			continue
		}
		r.Moved = append(r.Moved, move{samples[n].line, samples[n].Name, before.route, after.route})
	}
	return r, nil
}

func printEffect(to io.Writer, e preview) error {
	if e.Same {
		_, err := fmt.Fprintln(to, "it is the current version: nothing would change")
		return err
	}
	if e.Nothing() {
		_, err := fmt.Fprintln(to, "priorities alone would change; topics, consumers and policies are the same")
		return err
	}
	grown := make([]string, len(e.GrownTopics))
	for n, g := range e.GrownTopics {
		grown[n] = fmt.Sprintf("%s (%d to %d)", g.Topic, g.From, g.To)
	}
	for _, line := range []struct {
		what  string
		names []string
	}{
		{"new topics", e.NewTopics},
		{"topics with more partitions, so that keys go to others", grown},
		{"topics read until they are empty", e.RetiredTopics},
		{"new consumers", e.Added},
		{"consumers with other topics", e.Changed},
		{"consumers that end when their topics are empty", e.Retired},
		{"handlers with another policy", e.Policies},
	} {
		if len(line.names) > 0 {
			if _, err := fmt.Fprintf(to, "%s: %s\n", line.what, strings.Join(line.names, ", ")); err != nil {
				return err
			}
		}
	}
	return nil
}

func printRerouting(to io.Writer, path string, r *rerouting) error {
	if r == nil {
		return nil
	}
	if len(r.Moved) > 0 {
		w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "\nSAMPLE\tBEFORE\t\tAFTER\t")
		for _, m := range r.Moved {
			name := path + ":" + strconv.Itoa(m.Line)
			if m.Name != "" {
				name += " " + printable(m.Name)
			}
			fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\n", name, m.Before.Priority, m.Before.Topic, m.After.Priority, m.After.Topic)
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("print samples: %w", err)
		}
	}
	if _, err := fmt.Fprintf(to, "%d of %d samples would get another level or topic, %d stay\n", len(r.Moved), len(r.Moved)+r.Stay, r.Stay); err != nil {
		return fmt.Errorf("print samples: %w", err)
	}
	return nil
}
