package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/record"
)

// maxSamples bounds a file of samples, in bytes.
const maxSamples = 16 << 20

// sample is a message and what should come of it.
type sample struct {
	Name    string          `json:"name"`
	Message json.RawMessage `json:"message"`
	Want    struct {
		Priority *int   `json:"priority"`
		Topic    string `json:"topic"`
		By       string `json:"by"`
		Rule     string `json:"rule"`
	} `json:"want"`

	line int
}

// outcome is a sample's, one JSON line each with --json.
type outcome struct {
	Name    string `json:"name"`
	Line    int    `json:"line"`
	OK      bool   `json:"ok"`
	Problem string `json:"problem,omitempty"`

	route
}

func newSettingsTest() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "test FILE",
		Short: "Check sample messages against the levels and topics that they should have",
		Long: "Check sample messages against the levels and topics that they should have. No broker is asked. FILE has one\n" +
			"JSON object after the other, - is standard input. message is written as `produce --format json` reads it;\n" +
			"of want's priority, topic, by and rule those are compared that are there:\n\n" +
			"  {\"name\": \"an admin's order\", \"message\": {\"topic\": \"orders\", \"value\": {\"user_role\": \"admin\"}}, \"want\": {\"priority\": 9, \"topic\": \"orders_9\"}}\n\n" +
			"It exits 1 when one of them differs.",
		Example: "  boostd settings test samples.jsonl --settings settings.json",
		Args:    oneFile,
	}
	load := placeFlags(c, false)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON line a sample")
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := load()
		if err != nil {
			return err
		}
		samples, err := readSamples(c.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		all, wrong := tryOut(priority.NewResolver(p.settings), samples)
		if asJSON {
			err = printLines(c.OutOrStdout(), all)
		} else {
			err = printOutcomes(c.OutOrStdout(), args[0], all)
		}
		if err == nil && wrong > 0 {
			err = fmt.Errorf("%d of %d samples differ", wrong, len(all))
		}
		return err
	}
	return c
}

func readSamples(in io.Reader, path string) ([]sample, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read samples: %w", err)
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSamples+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read samples: %w", err)
	case len(text) > maxSamples:
		return nil, fmt.Errorf("read samples: %s is larger than %d bytes", path, maxSamples)
	}
	var all []sample
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	for {
		s := sample{line: lineAt(text, int(dec.InputOffset()))}
		switch err := dec.Decode(&s); {
		case errors.Is(err, io.EOF) && len(all) == 0:
			return nil, fmt.Errorf("read samples: %s has none", path)
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read samples: %s:%d: %w", path, s.line, err)
		}
		all = append(all, s)
	}
}

// lineAt is the line of the next thing at or behind an offset.
func lineAt(text []byte, offset int) int {
	rest := bytes.TrimLeft(text[offset:], " \t\r\n")
	return 1 + bytes.Count(text[:len(text)-len(rest)], []byte("\n"))
}

func tryOut(r *priority.Resolver, samples []sample) (all []outcome, wrong int) {
	for n := range samples {
		o := samples[n].try(r)
		if !o.OK {
			wrong++
		}
		all = append(all, o)
	}
	return all, wrong
}

// route is the level and the topic that a message gets, and what decides.
type route struct {
	Priority int    `json:"priority"`
	Topic    string `json:"topic"`
	By       string `json:"by"`
}

// decision is a route with the rule behind it, if it is one's.
type decision struct {
	route

	rule string
}

// message is the sample's, as a producer would have it.
func (s *sample) message() (record.Record, error) {
	m, err := record.Parse(s.Message)
	if err == nil {
		err = priority.CheckTopic(m.Topic)
	}
	if err != nil {
		return m, fmt.Errorf("message: %w", err)
	}
	return m, nil
}

// routed is what settings make of a message.
func routed(r *priority.Resolver, m record.Record) decision {
	res, to := r.Produced(&boostd.Message{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}, m.Priority)
	d := decision{route: route{int(res.Level), to, res.By.String()}}
	if res.Rule != nil {
		d.rule = res.Rule.String()
	}
	return d
}

func (s *sample) try(r *priority.Resolver) outcome {
	o := outcome{Name: s.Name, Line: s.line}
	m, err := s.message()
	if err != nil {
		o.Problem = err.Error()
		return o
	}
	got := routed(r, m)
	o.route = got.route
	w := s.Want
	switch {
	case w.Priority == nil && w.Topic == "" && w.By == "" && w.Rule == "":
		o.Problem = "want has neither priority, topic, by nor rule"
	case w.Priority != nil && *w.Priority != o.Priority:
		o.Problem = fmt.Sprintf("priority is %d by %s, want %d", o.Priority, o.By, *w.Priority)
	case w.Topic != "" && w.Topic != o.Topic:
		o.Problem = fmt.Sprintf("topic is %s, want %s", o.Topic, w.Topic)
	case w.By != "" && w.By != o.By:
		o.Problem = fmt.Sprintf("priority %d is by %s, want %s", o.Priority, o.By, w.By)
	case w.Rule != "" && w.Rule != got.rule:
		o.Problem = fmt.Sprintf("rule is %q, want %q", got.rule, w.Rule)
	}
	o.OK = o.Problem == ""
	return o
}

func printOutcomes(to io.Writer, path string, all []outcome) error {
	right := 0
	for _, o := range all {
		if o.OK {
			right++
			continue
		}
		name := ""
		if o.Name != "" {
			name = printable(o.Name) + ": "
		}
		fmt.Fprintf(to, "%s:%d: %s%s\n", path, o.Line, name, o.Problem)
	}
	if _, err := fmt.Fprintf(to, "%d of %d samples are as they should be\n", right, len(all)); err != nil {
		return fmt.Errorf("print outcomes: %w", err)
	}
	return nil
}
