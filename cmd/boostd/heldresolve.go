package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
)

// heldDeed is what one of the two commands does.
type heldDeed struct {
	word, short, long, past string
	confirm                 bool
	do                      func(*console.Client, *cobra.Command, console.HeldOrder) error
}

var (
	heldRetry = heldDeed{
		word: "retry", short: "Handle held messages anew", past: "is handled anew",
		long: "Read the messages from Kafka again and give them to their handler, with all their attempts before them. One that\n" +
			"fails again is held again, or becomes a dead letter.",
		do: func(cl *console.Client, c *cobra.Command, o console.HeldOrder) error {
			return cl.RetryHeld(c.Context(), o)
		},
	}
	heldSkip = heldDeed{
		word: "skip", short: "Take held messages for done", past: "is skipped", confirm: true,
		long: "Take the messages for done: they are committed and never come again. It asks first, unless --yes is given.",
		do: func(cl *console.Client, c *cobra.Command, o console.HeldOrder) error {
			return cl.SkipHeld(c.Context(), o)
		},
	}
)

func newHeldResolve(deed heldDeed) *cobra.Command {
	var f heldFlags
	var all, yes, asJSON bool
	c := &cobra.Command{
		Use:   deed.word + " TOPIC/PARTITION@OFFSET…",
		Short: deed.short,
		Long:  deed.long + "\n\nWho did it stands in the daemon's log and in the handler's audit file.",
		Example: "  boostd held " + deed.word + " orders_7/3@1042\n" +
			"  boostd held " + deed.word + " --all --topic orders --reason '*timeout*'",
	}
	client := controlFlags(c)
	f.add(c)
	c.Flags().BoolVar(&all, "all", false, "all held messages of this instance, or those that --topic, --level and --reason leave")
	if deed.confirm {
		c.Flags().BoolVar(&yes, "yes", false, "don't ask")
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a message")
	c.RunE = func(c *cobra.Command, args []string) error {
		named, err := namedMessages(c, args, all, f.given(c))
		if err != nil {
			return err
		}
		cl, err := client()
		if err != nil {
			return err
		}
		more := 0
		if all {
			list, err := cl.Held(c.Context())
			if err != nil {
				return unanswered(err)
			}
			for _, h := range f.filter(list.Held) {
				named = append(named, h.Coordinates())
			}
			more = list.Count - len(list.Held)
		}
		question := func() (string, error) { return fmt.Sprintf("%s %s for good?", deed.word, counted(len(named))), nil }
		if err := confirm(c, yes || !deed.confirm || len(named) == 0, question); err != nil {
			return err
		}
		err = deed.each(c, cl, named, asJSON)
		if more > 0 {
			fmt.Fprintf(c.ErrOrStderr(), "boostd: %d more are held: run it again for these\n", more)
		}
		return err
	}
	return c
}

func counted(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}

// namedMessages reads the arguments: messages, or --all, which may have filters.
func namedMessages(c *cobra.Command, args []string, all, filtered bool) ([]boostd.Coordinates, error) {
	switch {
	case all && len(args) > 0:
		return nil, usage("--all and messages by name exclude each other\nsee: %s --help", c.CommandPath())
	case !all && filtered:
		return nil, usage("--topic, --level and --reason go with --all\nsee: %s --help", c.CommandPath())
	case !all && len(args) == 0:
		return nil, usage("name at least one message as TOPIC/PARTITION@OFFSET, or say --all\nsee: %s --help", c.CommandPath())
	}
	named := make([]boostd.Coordinates, len(args))
	for n, a := range args {
		at, err := boostd.ParseCoordinates(a)
		if err != nil {
			return nil, usage("%w\nsee: %s --help", err, c.CommandPath())
		}
		named[n] = at
	}
	return named, nil
}

// resolvedLine is what became of one message.
type resolvedLine struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Error     string `json:"error,omitempty"`
}

// each does it with every message, also after an error.
func (deed heldDeed) each(c *cobra.Command, cl *console.Client, named []boostd.Coordinates, asJSON bool) error {
	failed := 0
	for _, at := range named {
		err := deed.do(cl, c, console.HeldOrder{Coordinates: at})
		if errors.Is(err, console.ErrNoDaemon) {
			return unanswered(err) // nor will it for the others
		}
		line := resolvedLine{Topic: at.Topic, Partition: at.Partition, Offset: at.Offset}
		if err != nil {
			failed++
			line.Error = err.Error()
		}
		switch {
		case asJSON:
			if err := printLines(c.OutOrStdout(), []resolvedLine{line}); err != nil {
				return err
			}
		case err != nil:
			fmt.Fprintf(c.ErrOrStderr(), "boostd: %v\n", err)
		default:
			fmt.Fprintf(c.OutOrStdout(), "%v %s\n", at, deed.past)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %s could not be resolved", failed, counted(len(named)))
	}
	if len(named) == 0 && !asJSON {
		fmt.Fprintln(c.OutOrStdout(), "no message is held that is meant")
	}
	return nil
}
