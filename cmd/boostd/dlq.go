package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/letters"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

func newDLQ() *cobra.Command {
	c := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "dlq",
		Short: "Look at dead letters, send their messages back, and purge them",
		Long: "Look at dead letters, send their messages back to where they came from, and purge them. Dead letters are the\n" +
			"messages that failed for good of handlers with dead_letter; those of topic orders are in orders_dlq. Of a letter\n" +
			"that was replayed or purged the topic says so, and these commands pass it over.",
		Args: noSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDLQList(), newDLQShow(), newDLQReplay(), newDLQPurge())
	return c
}

// whichLetters is for the help of list, replay and purge.
const whichLetters = "BASE is a topic such as orders, or its dead-letter topic. Without one, all of boostd.yaml are meant; with --brokers\n" +
	"alone, all that exist. PLACE is a single letter, TOPIC/PARTITION@OFFSET as `dlq list` shows it."

// selectFlags adds the flags that say which letters are meant, and returns what
// reads them and the arguments.
func selectFlags(c *cobra.Command) func(args []string) (bases []string, sel *letters.Selection, err error) {
	s := &letters.Selection{}
	c.Flags().StringVar(&s.Reason, "reason", "", "a part of the reason, or a pattern of the whole with * and ?")
	c.Flags().DurationVar(&s.Older, "older", 0, "died at least that long ago, such as 24h")
	c.Flags().DurationVar(&s.Newer, "newer", 0, "died at most that long ago, such as 1h30m")
	key := c.Flags().String("key", "", "the message's key")
	level := c.Flags().Int("level", 0, "the level that the message had")
	origin := c.Flags().String("origin", "", "where the message came from: TOPIC, TOPIC/PARTITION or TOPIC/PARTITION@OFFSET")
	c.Flags().IntVar(&s.Limit, "limit", 0, "at most so many letters, the oldest of each partition first")
	return func(args []string) (bases []string, sel *letters.Selection, err error) {
		if c.Flags().Changed("key") {
			s.Key = []byte(*key)
		}
		if c.Flags().Changed("level") {
			s.Level = new(boostd.Level(*level))
		}
		if c.Flags().Changed("origin") {
			if s.Origin, err = parseOrigin(*origin); err != nil {
				return nil, nil, usage("--origin %w\nsee: %s --help", err, c.CommandPath())
			}
		}
		if s.Older < 0 || s.Newer < 0 || s.Limit < 0 {
			return nil, nil, usage("--older, --newer and --limit can't be negative\nsee: %s --help", c.CommandPath())
		}
		s.Now = time.Now()
		bases, s.Places, err = parseLetters(args)
		if err != nil {
			return nil, nil, usage("%w\nsee: %s --help", err, c.CommandPath())
		}
		return bases, s, nil
	}
}

// parseOrigin reads TOPIC, TOPIC/PARTITION or TOPIC/PARTITION@OFFSET.
func parseOrigin(text string) (*boostd.Coordinates, error) {
	full := text
	if !strings.Contains(text, "/") {
		full += "/0"
	}
	if !strings.Contains(text, "@") {
		full += "@0"
	}
	c, err := boostd.ParseCoordinates(full)
	if err != nil {
		return nil, fmt.Errorf("%.80q: want TOPIC, TOPIC/PARTITION or TOPIC/PARTITION@OFFSET", text)
	}
	if !strings.Contains(text, "/") {
		c.Partition = -1
	}
	if !strings.Contains(text, "@") {
		c.Offset = -1
	}
	return &c, nil
}

// parseLetters tells bases from single letters, which are not for one command.
func parseLetters(args []string) (bases []string, places map[boostd.Coordinates]bool, err error) {
	places = map[boostd.Coordinates]bool{}
	for _, a := range args {
		if !strings.Contains(a, "@") {
			if err := priority.CheckTopic(a); err != nil {
				return nil, nil, err
			}
			bases = append(bases, a)
			continue
		}
		at, err := parsePlace(a)
		if err != nil {
			return nil, nil, err
		}
		places[at] = true
	}
	if len(bases) > 0 && len(places) > 0 {
		return nil, nil, fmt.Errorf("topics and single letters together: want the one or the other")
	}
	return bases, places, nil
}

// parsePlace reads a letter's place.
func parsePlace(text string) (boostd.Coordinates, error) {
	at, err := boostd.ParseCoordinates(text)
	if err != nil {
		return at, err
	}
	if _, ok := priority.CutDeadLetter(at.Topic); !ok {
		return at, fmt.Errorf("%s is no dead-letter topic: its name doesn't end in _dlq", at.Topic)
	}
	return at, nil
}

// letterTopics are the dead-letter topics that are meant, with their partitions.
func (p *place) letterTopics(have map[string]int, bases []string, places map[boostd.Coordinates]bool) (map[string]int, error) {
	topics := map[string]int{}
	for at := range places {
		if n := have[at.Topic]; int(at.Partition) >= n {
			return nil, fmt.Errorf("%s: the topic has %d partitions", at, n)
		}
		topics[at.Topic] = have[at.Topic]
	}
	for _, base := range bases {
		letters, itself := priority.DeadLetterTopic(base), false
		if have[letters] == 0 {
			_, itself = priority.CutDeadLetter(base)
		}
		if itself {
			letters = base
		}
		if have[letters] == 0 {
			return nil, fmt.Errorf("there is no topic %s, or it can't be seen: then allow Describe on it", letters)
		}
		topics[letters] = have[letters]
	}
	if len(bases)+len(places) > 0 {
		return topics, nil
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		base, ok := priority.CutDeadLetter(name)
		if ok && p.file != nil {
			_, ok = p.file.Topics[base]
		}
		if ok {
			topics[name] = have[name]
		}
	}
	return topics, nil
}

// desk is a command that works on letters: connected, and with the survey made.
type desk struct {
	*place
	admin  *kafkaio.Admin
	have   map[string]int // partitions of all topics
	sel    *letters.Selection
	survey *letters.Survey
}

// withLetters connects, finds the open letters, and calls do. The context of do
// ends at the first signal; a second one ends the process.
func (p *place) withLetters(c *cobra.Command, bases []string, sel *letters.Selection, do func(ctx context.Context, d *desk) error) error {
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	admin, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer admin.Close()
	asking, cancel := context.WithTimeout(ctx, placeWork)
	defer cancel()
	have, err := admin.Topics(asking)
	if err != nil {
		return err
	}
	topics, err := p.letterTopics(have, bases, sel.Places)
	if err != nil {
		return err
	}
	survey, err := letters.Look(ctx, admin, topics)
	if err == nil {
		err = survey.Check(sel.Places)
	}
	if err == nil {
		err = do(ctx, &desk{p, admin, have, sel, survey})
	}
	switch {
	case err != nil && ctx.Err() != nil && c.Context().Err() == nil:
		return fmt.Errorf("stopped by a signal: %w", err)
	case errors.Is(err, kafkaio.ErrUnreachable):
		return exitError{exitUnreachable, err}
	}
	return err
}
