package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
)

// explanation is what `settings explain --json` prints.
type explanation struct {
	Priority int    `json:"priority"`
	Topic    string `json:"topic"`
	By       string `json:"by"`
	// Rule is the one that decided, RulePointer where it stands; null without one.
	Rule        *string `json:"rule"`
	RulePointer *string `json:"rule_pointer"`
	Clamped     bool    `json:"clamped"`
	Mistyped    bool    `json:"mistyped"`
	Outranked   bool    `json:"outranked"`
	// Derived: the topic is a level's own, and its level holds.
	Derived    bool        `json:"derived"`
	Candidates []candidate `json:"candidates"`
}

type candidate struct {
	By       string  `json:"by"`
	Priority int     `json:"priority"`
	Rule     *string `json:"rule"`
	Pointer  *string `json:"rule_pointer"`
	Decides  bool    `json:"decides"`
}

func newSettingsExplain() *cobra.Command {
	var topic, key, value string
	var level int
	var headers []string
	var asJSON bool
	c := &cobra.Command{
		Use:   "explain",
		Short: "Say which priority a message has, by which rule, and to which topic it goes",
		Long: "Say which priority a message has, by which rule, and to which topic it goes, if it is produced to a topic.\n" +
			"A consumer that finds it there comes to the same. No broker is asked.",
		Example: "  boostd settings explain --settings settings.json --topic orders --value '{\"user_role\": \"admin\"}'\n" +
			"  boostd settings explain -c boostd.yaml --topic orders --priority=7 --header tenant=gold --value hello --json",
		Args: noArgs,
	}
	load := placeFlags(c, false)
	c.Flags().StringVar(&topic, "topic", "", "the topic that it is produced to")
	c.Flags().IntVar(&level, "priority", 0, "an explicit priority")
	c.Flags().StringVar(&key, "key", "", "the message's key")
	c.Flags().StringArrayVar(&headers, "header", nil, "a header, NAME=VALUE; repeatable")
	c.Flags().StringVar(&value, "value", "", "the message's value, JSON or any other text")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := priority.CheckTopic(topic); err != nil {
			return usage("--topic: %w\nsee: %s --help", err, c.CommandPath())
		}
		m := &boostd.Message{Topic: topic, Key: []byte(key), Value: []byte(value)}
		var err error
		if m.Headers, err = parseHeaders(c, headers); err != nil {
			return err
		}
		p, err := load()
		if err != nil {
			return err
		}
		var explicit *int
		if c.Flags().Changed("priority") {
			explicit = &level
		}
		e := explain(p.settings, m, explicit)
		if asJSON {
			return printJSON(c.OutOrStdout(), e)
		}
		return e.print(c.OutOrStdout())
	}
	return c
}

func explain(s *priority.Settings, m *boostd.Message, explicit *int) explanation {
	all, res, to := priority.NewResolver(s).Explain(m, explicit)
	e := explanation{Priority: int(res.Level), Topic: to, By: res.By.String(), Clamped: res.Clamped, Mistyped: res.Mistyped,
		Outranked: res.Outranked, Derived: res.By == priority.ByDerived}
	e.Rule, e.RulePointer = named(res.Rule)
	for _, c := range all {
		rule, pointer := named(c.Rule)
		e.Candidates = append(e.Candidates, candidate{c.By.String(), int(c.Level), rule, pointer, c.Decides})
	}
	return e
}

// named is a rule in words and where it stands, nil where there is none.
func named(r *priority.Rule) (rule, pointer *string) {
	if r == nil {
		return nil, nil
	}
	return new(r.String()), new(r.Pointer())
}

func (e explanation) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "priority %d, topic %s\n\n", e.Priority, e.Topic)
	for _, c := range e.Candidates {
		mark, rule := " ", ""
		if c.Decides {
			mark = "*"
		}
		if c.Rule != nil {
			rule = fmt.Sprintf("%s  (%s)", printable(*c.Rule), *c.Pointer)
		}
		fmt.Fprintf(w, "%s %s\t%d\t%s\n", mark, c.By, c.Priority, rule)
	}
	for _, note := range []struct {
		is   bool
		text string
	}{
		{e.Derived, "the topic is a level's own: its level holds, whatever the message says"},
		{e.Clamped, "the priority that was given is outside 0 … max_priority and counts as the nearest level"},
		{e.Mistyped, "a priority that isn't a whole number is there and counts as absent"},
		{e.Outranked, "the value's own priority goes before a rule with a higher one: see boostd.value_priority"},
	} {
		if note.is {
			fmt.Fprintln(w, note.text)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the explanation: %w", err)
	}
	return nil
}
