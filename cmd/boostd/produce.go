package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/feed"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/producer"
)

const (
	// produceFlush bounds the wait for the last acknowledgements: longer than a
	// partition takes to find a new leader.
	produceFlush = time.Minute
	// produceProgress is the time between two looks at the progress.
	produceProgress = 250 * time.Millisecond
)

// produceFlags are what `produce` is told.
type produceFlags struct {
	priority              int
	key, file, format     string
	headers               []string
	strict, embed, asJSON bool
}

func newProduce() *cobra.Command {
	f := &produceFlags{}
	c := &cobra.Command{
		Use:   "produce [TOPIC [VALUE…]]",
		Short: "Send messages to the topics that their priority belongs to",
		Long: "Send messages to the topics that their priority belongs to: to orders_7 for level 7 of the boosted topic\n" +
			"orders. They are the values given, or else the lines of --file or of standard input. With --format json each\n" +
			"is an object with value, and key, headers, priority and topic as it likes; TOPIC goes before its topic:\n\n" +
			"  {\"key\": \"k\", \"value\": {\"order_id\": 1}, \"headers\": [{\"key\": \"tenant\", \"value\": \"gold\"}], \"priority\": 7}\n\n" +
			"Messages are acknowledged by all replicas; keys go to the partitions that Java and Python clients choose. What\n" +
			"can't be delivered is told with its line, and then the exit code is 1.",
		Example: "  boostd produce orders '{\"order_id\": 1}' --priority 10 -c boostd.yaml\n" +
			"  boostd produce orders --file orders.txt --brokers localhost:9092 --settings settings.json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && f.format != "json" {
				return usage("name the topic\nsee: %s --help", c.CommandPath())
			}
			if len(args) > 1 && f.file != "" {
				return usage("--file and values together: want one of them\nsee: %s --help", c.CommandPath())
			}
			return nil
		},
	}
	load := placeFlags(c, true)
	c.Flags().IntVar(&f.priority, "priority", 0, "the messages' priority, before whatever they say themselves")
	c.Flags().StringVar(&f.key, "key", "", "the messages' key")
	c.Flags().StringArrayVar(&f.headers, "header", nil, "a header, NAME=VALUE; repeatable")
	c.Flags().StringVar(&f.file, "file", "", "a file with one message a line")
	c.Flags().StringVar(&f.format, "format", "lines", "lines: each is a value; json: each is an object")
	c.Flags().BoolVar(&f.strict, "strict", false, "refuse priorities that are no level, instead of taking the nearest")
	c.Flags().BoolVar(&f.embed, "embed-priority", false, "write the priority into JSON objects, for consumers of KafkaBoost")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON line a message")
	c.RunE = func(c *cobra.Command, args []string) error {
		message, err := f.message(c, args)
		if err != nil {
			return err
		}
		p, err := load()
		if err != nil {
			return err
		}
		if p.file != nil {
			f.strict = f.strict || p.file.Producer.Strict
			f.embed = f.embed || p.file.Producer.EmbedPriority
		}
		daemon.TuneRuntime()
		return f.run(c, p, message, args)
	}
	return c
}

// message is what all of them have in common.
func (f *produceFlags) message(c *cobra.Command, args []string) (m producer.Message, err error) {
	if f.format != "lines" && f.format != "json" {
		return m, usage("--format %q: want lines or json\nsee: %s --help", f.format, c.CommandPath())
	}
	if len(args) > 0 {
		m.Topic = args[0]
		if err := priority.CheckTopic(m.Topic); err != nil {
			return m, usage("%w\nsee: %s --help", err, c.CommandPath())
		}
	}
	if c.Flags().Changed("priority") {
		m.Priority = &f.priority
	}
	if c.Flags().Changed("key") {
		m.Key = []byte(f.key)
	}
	m.Headers, err = parseHeaders(c, f.headers)
	return m, err
}

// parseHeaders reads the flag --header.
func parseHeaders(c *cobra.Command, flags []string) (headers []boostd.Header, err error) {
	for _, h := range flags {
		name, text, ok := strings.Cut(h, "=")
		if !ok || name == "" {
			return nil, usage("--header %q: want NAME=VALUE\nsee: %s --help", h, c.CommandPath())
		}
		headers = append(headers, boostd.Header{Key: name, Value: []byte(text)})
	}
	return headers, nil
}

// input is what to send, and its name.
func (f *produceFlags) input(c *cobra.Command, args []string) (in feed.Input, name string, closeFile func(), err error) {
	switch {
	case len(args) > 1:
		return feed.Values(args[1:]), "argument", func() {}, nil
	case f.file == "" || f.file == "-":
		return feed.Lines(c.InOrStdin()), "standard input", func() {}, nil
	}
	file, err := os.Open(f.file)
	if err != nil {
		return nil, "", nil, fmt.Errorf("read messages: %w", err)
	}
	return feed.Lines(file), f.file, func() { _ = file.Close() }, nil // only read
}

func (f *produceFlags) run(c *cobra.Command, at *place, message producer.Message, args []string) error {
	in, name, closeFile, err := f.input(c, args)
	if err != nil {
		return err
	}
	defer closeFile()
	interrupted, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(interrupted, stop) // a second signal ends the process
	ctx, cancel := context.WithCancelCause(c.Context())
	defer cancel(nil)
	p, err := producer.New(producer.Options{Kafka: at.kafka, Resolver: producer.With(at.settings), EmbedPriority: f.embed, Strict: f.strict})
	if err != nil {
		return err
	}
	var looking sync.WaitGroup
	looking.Go(func() { // meanwhile the first messages wait in the producer
		if err := at.withBrokers(ctx, func(context.Context, *kafkaio.Admin) error { return nil }); err != nil {
			cancel(err)
		}
	})
	o := feed.Options{Message: message, JSON: f.format == "json", Stop: interrupted.Done(), Flush: produceFlush}
	out := bufio.NewWriter(c.OutOrStdout())
	if f.asJSON {
		o.Sent = func(o feed.Outcome) { printDelivery(out, o) }
	}
	shown := showProgress(&o)
	account, err := feed.Run(ctx, p, in, o)
	shown()
	looking.Wait()
	cancel(nil)
	_ = p.Close(ctx) // flushed already: what has no answer now gets none
	to := io.Writer(out)
	if f.asJSON {
		to = c.ErrOrStderr()
	}
	fmt.Fprint(to, account.Summary(name))
	if flushErr := out.Flush(); flushErr != nil {
		err = errors.Join(err, fmt.Errorf("print deliveries: %w", flushErr))
	}
	return f.verdict(account, err)
}

// verdict is the command's error.
func (f *produceFlags) verdict(a *feed.Account, err error) error {
	var unreachable exitError
	switch failed := a.Failed(); {
	case errors.As(err, &unreachable):
		return unreachable
	case errors.Is(err, feed.ErrStopped):
		return fmt.Errorf("stopped by a signal: %d messages were delivered", a.Delivered())
	case err != nil:
		return err
	case failed > 0:
		return fmt.Errorf("%d of %d messages were not delivered", failed, failed+a.Delivered())
	}
	return nil
}

// delivered is one line of `produce --json`.
type delivered struct {
	Line      int     `json:"line"`
	Topic     string  `json:"topic"`
	Partition *int32  `json:"partition"`
	Offset    *int64  `json:"offset"`
	Priority  *int    `json:"priority"`
	By        string  `json:"by,omitempty"`
	Rule      *string `json:"rule,omitempty"`
	Error     string  `json:"error,omitempty"`
}

func printDelivery(to io.Writer, o feed.Outcome) {
	d := delivered{Line: o.Line, Topic: o.Topic}
	if o.Err != nil {
		d.Error = o.Err.Error()
	} else {
		level := int(o.Resolution.Level)
		d.Partition, d.Offset, d.Priority, d.By = &o.Partition, &o.Offset, &level, o.Resolution.By.String()
		d.Rule, _ = named(o.Resolution.Rule)
	}
	_ = json.NewEncoder(to).Encode(d) // the writer keeps its error for Flush
}

// showProgress shows on a terminal how far it is; what it returns ends that.
func showProgress(o *feed.Options) (end func()) {
	var account atomic.Pointer[feed.Account]
	o.Began = account.Store
	return tellProgress(func() string {
		if a := account.Load(); a != nil {
			return a.Progress()
		}
		return ""
	})
}

// tellProgress shows a line on a terminal, again and again, until what it returns
// is called.
func tellProgress(text func() string) (end func()) {
	if !term.Live(os.Stderr) {
		return func() {}
	}
	ended := make(chan struct{})
	var task sync.WaitGroup
	task.Go(func() {
		tick := time.NewTicker(produceProgress)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				fmt.Fprint(os.Stderr, "\r\x1b[K")
				return
			case <-tick.C:
				fmt.Fprintf(os.Stderr, "\r%s\x1b[K", text())
			}
		}
	})
	return func() { close(ended); task.Wait() }
}
