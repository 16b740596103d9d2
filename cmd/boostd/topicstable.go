package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

// keysMove is what growing a topic does to messages with keys.
const keysMove = "keys go to other partitions from then on, so the order of a key's messages isn't kept over the change"

// planLine is one topic of `topics plan --json`.
type planLine struct {
	Topic string `json:"topic"`
	Base  string `json:"base"`
	// Level is null for a base topic and for dead letters.
	Level       *int `json:"level"`
	DeadLetters bool `json:"dead_letters,omitempty"`
	Exists      bool `json:"exists"`
	// Partitions is null for a topic that doesn't exist, Wanted for the broker's
	// default.
	Partitions *int   `json:"partitions"`
	Wanted     *int   `json:"wanted"`
	Action     string `json:"action"` // nothing, create, grow, note or conflict
	Text       string `json:"text,omitempty"`
}

func planLines(plan []priority.TopicChange) []planLine {
	lines := make([]planLine, len(plan))
	for n, t := range plan {
		l := planLine{Topic: t.Name, Base: t.Base, Exists: t.Have > 0, Wanted: partitionsWanted(t), Action: t.Action.String(), Text: remark(t),
			DeadLetters: t.Level == priority.DeadLetters}
		if t.Level >= 0 {
			l.Level = new(int(t.Level))
		}
		if t.Have > 0 {
			l.Partitions = &t.Have
		}
		lines[n] = l
	}
	return lines
}

// partitionsWanted is nil for the broker's default.
func partitionsWanted(t priority.TopicChange) *int {
	if t.Want == priority.BrokerDefault {
		return nil
	}
	return &t.Want
}

// remark is what there is to know about a topic's action.
func remark(t priority.TopicChange) string {
	switch t.Action {
	case priority.Grow:
		return keysMove
	case priority.Surplus:
		return fmt.Sprintf("has %d partitions, more than the %d that the settings ask for: they stay", t.Have, t.Want)
	case priority.Conflict:
		return "differs only in '.' and '_' from " + t.Other + ", beside which Kafka refuses it: rename one of them"
	}
	return ""
}

func printPlan(to io.Writer, plan []priority.TopicChange) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOPIC\tEXISTS\tPARTITIONS\tWHAT\t")
	for _, t := range plan {
		now, wanted := "-", "broker's default"
		if t.Have > 0 {
			now = strconv.Itoa(t.Have)
		}
		if t.Want != priority.BrokerDefault {
			wanted = strconv.Itoa(t.Want)
		}
		partitions := now + " → " + wanted
		if t.Have > 0 && t.Want == priority.BrokerDefault {
			partitions = now
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.Name, yes(t.Have > 0), partitions, t.Action, remark(t))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	return nil
}

// topicLine is one topic of `topics list --json`.
type topicLine struct {
	Topic string `json:"topic"`
	Base  string `json:"base"`
	// Level is null for a base topic and for dead letters.
	Level       *int `json:"level"`
	DeadLetters bool `json:"dead_letters,omitempty"`
	Partitions  int  `json:"partitions"`
	// Messages is the difference of last and first offsets, null when it isn't
	// known.
	Messages *int64 `json:"messages"`
	// Outside: the settings don't have that level.
	Outside bool `json:"outside"`
}

// listTopics also returns the bases that don't exist.
func listTopics(ctx context.Context, admin *kafkaio.Admin, s *priority.Settings, bases []string) (lines []topicLine, missing []string, err error) {
	have, err := admin.Topics(ctx)
	if err != nil {
		return nil, nil, err
	}
	partitions, levels := map[string]int{}, map[string][]priority.LevelTopic{}
	for _, t := range s.LevelTopics(bases, have) {
		levels[t.Base] = append(levels[t.Base], t)
	}
	for _, base := range bases {
		if n, ok := have[base]; ok {
			lines, partitions[base] = append(lines, topicLine{Topic: base, Base: base, Partitions: n}), n
		} else {
			missing = append(missing, base)
		}
		for _, t := range levels[base] {
			lines = append(lines, topicLine{Topic: t.Name, Base: base, Level: new(int(t.Level)), Partitions: have[t.Name], Outside: t.Outside})
			partitions[t.Name] = have[t.Name]
		}
		if letters := priority.DeadLetterTopic(base); have[letters] > 0 && !slices.Contains(bases, letters) {
			lines = append(lines, topicLine{Topic: letters, Base: base, DeadLetters: true, Partitions: have[letters]})
			partitions[letters] = have[letters]
		}
	}
	messages, err := admin.Messages(ctx, partitions)
	if err != nil {
		return nil, nil, err
	}
	for n := range lines {
		if count, known := messages[lines[n].Topic]; known {
			lines[n].Messages = &count
		}
	}
	return lines, missing, nil
}

func printTopics(to io.Writer, lines []topicLine) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOPIC\tLEVEL\tPARTITIONS\tMESSAGES\t")
	for _, l := range lines {
		level, messages, mark := "base", "unknown", ""
		if l.Level != nil {
			level = strconv.Itoa(*l.Level)
		}
		if l.Messages != nil {
			messages = strconv.FormatInt(*l.Messages, 10)
		}
		if l.DeadLetters {
			level = "dead letters"
		}
		if l.Outside {
			mark = "outside: the settings have no such level"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", l.Topic, level, l.Partitions, messages, mark)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the topics: %w", err)
	}
	return nil
}
