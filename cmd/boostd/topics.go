package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

func newTopics() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "topics",
		Short: "Compare the topics that the settings ask for with those that exist, and create what is missing",
		Long: "Compare the topics that the settings ask for with those that exist, create what is missing, and list every\n" +
			"base topic with its levels' topics.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newTopicsPlan(), newTopicsEnsure(), newTopicsList())
	return c
}

// whichTopics is for the help of plan and ensure.
const whichTopics = "With -c these are the topics of boostd.yaml, as `run` has them, and those of their levels. Without it they are\n" +
	"all boosted topics of the settings document. Base topics are created with the broker's partitions, the levels'\n" +
	"with those of the settings, and dead letters' (TOPIC_dlq, where the handler has dead_letter) with as many as\n" +
	"their base topic has; nothing is ever deleted or made smaller."

// bases are the base topics that plan and ensure are about.
func (p *place) bases() []string {
	if p.file != nil {
		return slices.Sorted(maps.Keys(p.file.Topics))
	}
	bases := make([]string, len(p.settings.Boosts))
	for n, b := range p.settings.Boosts {
		bases[n] = b.Topic
	}
	return bases
}

// withPlan connects and calls do with what the settings ask for.
func (p *place) withPlan(ctx context.Context, do func(ctx context.Context, admin *kafkaio.Admin, plan []priority.TopicChange) error) error {
	return p.withBrokers(ctx, func(ctx context.Context, admin *kafkaio.Admin) error {
		have, err := admin.Topics(ctx)
		if err != nil {
			return err
		}
		var letters []string
		if p.file != nil {
			letters = p.file.DeadLetters()
		}
		return do(ctx, admin, p.settings.Changes(p.bases(), letters, have))
	})
}

func newTopicsPlan() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "Say what the settings ask for, against what exists",
		Long: "Say what the settings ask for, against what exists. Nothing is changed. It exits 1 when there is something to\n" +
			"do, 0 when there isn't.\n\n" + whichTopics,
		Example: "  boostd topics plan -c boostd.yaml\n  boostd topics plan --brokers localhost:9092 --settings settings.json --json",
		Args:    noArgs,
	}
	load := placeFlags(c, true)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a topic")
	c.RunE = func(c *cobra.Command, _ []string) error {
		p, err := load()
		if err != nil {
			return err
		}
		return p.withPlan(c.Context(), func(_ context.Context, _ *kafkaio.Admin, plan []priority.TopicChange) (err error) {
			if asJSON {
				err = printLines(c.OutOrStdout(), planLines(plan))
			} else {
				err = printPlan(c.OutOrStdout(), plan)
			}
			if n := unmet(plan); err == nil && n > 0 {
				err = fmt.Errorf("%d of %d topics are not as the settings ask", n, len(plan))
			}
			return err
		})
	}
	return c
}

// unmet counts the topics that aren't as the settings ask. A surplus of
// partitions stays.
func unmet(plan []priority.TopicChange) (n int) {
	for _, t := range plan {
		if t.Action != priority.Nothing && t.Action != priority.Surplus {
			n++
		}
	}
	return n
}

func newTopicsEnsure() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ensure",
		Short: "Create the topics that are missing, and add partitions where the settings ask for more",
		Long: "Create the topics that are missing, and add partitions to those of levels that have fewer than the settings\n" +
			"ask for. A second run changes nothing. Replicas and topic configuration are those of kafka.new_topics in\n" +
			"boostd.yaml, or the broker's. It exits 1 when a topic couldn't be had; the others are done all the same.\n\n" + whichTopics,
		Example: "  boostd topics ensure -c boostd.yaml\n  boostd topics ensure --brokers localhost:9092 --settings settings.json",
		Args:    noArgs,
	}
	load := placeFlags(c, true)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a topic that was changed")
	c.RunE = func(c *cobra.Command, _ []string) error {
		p, err := load()
		if err != nil {
			return err
		}
		return p.withPlan(c.Context(), func(ctx context.Context, admin *kafkaio.Admin, plan []priority.TopicChange) error {
			done, err := admin.CarryOut(ctx, plan)
			changes := changed(plan, done)
			if asJSON {
				return errors.Join(err, printLines(c.OutOrStdout(), changes))
			}
			for _, t := range changes {
				fmt.Fprintln(c.OutOrStdout(), t)
			}
			for _, t := range plan {
				if t.Action == priority.Surplus {
					fmt.Fprintf(c.OutOrStdout(), "note: %s %s\n", t.Name, remark(t))
				}
			}
			if err == nil && len(changes) == 0 {
				fmt.Fprintf(c.OutOrStdout(), "nothing to do: all %d topics are there\n", len(plan))
			}
			return err
		})
	}
	return c
}

// topicChanged is one line of `topics ensure`.
type topicChanged struct {
	Topic  string `json:"topic"`
	Action string `json:"action"` // created or grown
	// Before and Partitions are how many there were and are; null is the broker's
	// default.
	Before     int  `json:"before"`
	Partitions *int `json:"partitions"`
}

func (t topicChanged) String() string {
	switch {
	case t.Partitions == nil:
		return fmt.Sprintf("created %s with the broker's partitions", t.Topic)
	case t.Action == "grown":
		return fmt.Sprintf("grown %s from %d to %d partitions: %s", t.Topic, t.Before, *t.Partitions, keysMove)
	}
	return fmt.Sprintf("created %s with %d partitions", t.Topic, *t.Partitions)
}

// changed is what was done, in the plan's order.
func changed(plan []priority.TopicChange, done kafkaio.TopicsDone) []topicChanged {
	changes := []topicChanged{}
	for _, t := range plan {
		switch {
		case slices.Contains(done.Created, t.Name):
			changes = append(changes, topicChanged{t.Name, "created", 0, partitionsWanted(t)})
		case slices.Contains(done.Grown, t.Name):
			changes = append(changes, topicChanged{t.Name, "grown", t.Have, partitionsWanted(t)})
		}
	}
	return changes
}

// listed are the bases of `topics list`: those named, or all of the settings
// and boostd.yaml.
func (p *place) listed(args []string) []string {
	if len(args) > 0 {
		return args
	}
	bases := p.bases()
	for _, b := range p.settings.Boosts {
		bases = append(bases, b.Topic)
	}
	for _, t := range p.settings.Topics {
		bases = append(bases, t.Topic)
	}
	slices.Sort(bases)
	return slices.Compact(bases)
}

func newTopicsList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [BASE…]",
		Short: "List base topics with every existing topic of a level",
		Long: "List base topics with every existing topic BASE_n: its partitions, how many messages are in it now, and whether\n" +
			"the settings have that level. Without arguments these are all topics that the settings name, boosted or not,\n" +
			"and those of boostd.yaml with -c. Messages of a level outside are read where topics.BASE.drain is true.",
		Example: "  boostd topics list -c boostd.yaml\n  boostd topics list orders --brokers localhost:9092 --settings settings.json --json",
	}
	load := placeFlags(c, true)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a topic")
	c.Args = func(c *cobra.Command, args []string) error {
		for _, base := range args {
			if err := priority.CheckTopic(base); err != nil {
				return usage("%w\nsee: %s --help", err, c.CommandPath())
			}
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := load()
		if err != nil {
			return err
		}
		return p.withBrokers(c.Context(), func(ctx context.Context, admin *kafkaio.Admin) error {
			lines, missing, err := listTopics(ctx, admin, p.settings, p.listed(args))
			if err != nil {
				return err
			}
			if asJSON {
				return printLines(c.OutOrStdout(), lines)
			}
			if err := printTopics(c.OutOrStdout(), lines); err != nil {
				return err
			}
			if len(missing) > 0 {
				fmt.Fprintf(c.ErrOrStderr(), "not there: %s\n", strings.Join(missing, ", "))
			}
			return nil
		})
	}
	return c
}
