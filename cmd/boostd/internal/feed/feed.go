package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/producer"
	"github.com/kafkaboost/boostd/record"
)

// Sender is what the feed needs of a producer.
type Sender interface {
	Route(m producer.Message) (producer.Routed, error)
	SendRouted(ctx context.Context, r producer.Routed, done func(producer.Delivery)) error
	Flush(ctx context.Context) error
}

var _ Sender = (*producer.Producer)(nil)

// Options say how lines become messages.
type Options struct {
	// Message is what each line begins with: topic, priority, key, headers. What a
	// line says itself goes before it.
	Message producer.Message
	// JSON: each line is a record's JSON object, otherwise its text is the value.
	JSON bool
	// Sent hears what became of each line, from one goroutine at a time; nil: nobody.
	Sent func(Outcome)
	// Began hears of the account before the first line; nil: nobody.
	Began func(*Account)
	// Stop ends the reading, as the end of the lines would; nil: nothing does.
	Stop <-chan struct{}
	// Flush bounds the wait for the last acknowledgements.
	Flush time.Duration
}

// ErrStopped is Run's error when Stop has ended the reading.
var ErrStopped = errors.New("stopped before the end")

// Outcome is what became of a line. Err is nil when it was delivered.
type Outcome struct {
	Line int
	producer.Delivery
}

// Run sends all lines of the input and waits for their acknowledgements. A line
// that can't be sent is an outcome like any other. When ctx ends it waits for
// nothing more and returns ctx's cause.
func Run(ctx context.Context, p Sender, in Input, o Options) (*Account, error) {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	lines, ended := make(chan *batch, 4), make(chan error, 1)
	go func() { // may stay in a read for good: nobody waits for it
		ended <- in(reading, lines)
		close(lines)
	}()
	ready := make(chan *batch, 4)
	go o.route(reading, p, lines, ready)
	a := &Account{sent: o.Sent, began: time.Now()}
	if o.Began != nil {
		o.Began(a)
	}
	err := a.send(ctx, p, ready, o.Stop)
	if err == nil {
		err = <-ended
	}
	flushing, cancel := context.WithTimeout(ctx, o.Flush)
	defer cancel()
	err = errors.Join(err, p.Flush(flushing))
	a.end()
	return a, err
}

// message is a line's, routed; err is why it can't be sent.
type message struct {
	number int
	topic  string
	routed producer.Routed
	err    error
	blank  bool
}

// route makes messages of lines until these or ctx end.
func (o Options) route(ctx context.Context, p Sender, lines <-chan *batch, ready chan<- *batch) {
	defer close(ready)
	for b := range lines {
		for _, l := range b.lines {
			m, err := o.message(l)
			r := message{number: l.number, topic: m.Topic, err: err, blank: l.blank}
			if err == nil && !l.blank {
				r.routed, r.err = p.Route(m)
			}
			b.messages = append(b.messages, r)
		}
		if hand(ctx, b, ready) != nil {
			return
		}
	}
}

// send sends until the messages or ctx end.
func (a *Account) send(ctx context.Context, p Sender, ready <-chan *batch, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return ErrStopped
		case <-ctx.Done():
			return context.Cause(ctx)
		case b, open := <-ready:
			if !open {
				return nil
			}
			for n := range b.messages {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				a.one(ctx, p, &b.messages[n])
			}
			b.release()
		}
	}
}

func (a *Account) one(ctx context.Context, p Sender, m *message) {
	if m.blank {
		a.blanks.Add(1)
		return
	}
	number, err := m.number, m.err
	a.begin(number)
	if err == nil {
		err = p.SendRouted(ctx, m.routed, func(d producer.Delivery) { a.note(Outcome{number, d}) })
	}
	if err != nil {
		a.note(Outcome{number, producer.Delivery{Topic: m.topic, Err: err}})
	}
}

// message makes a line's message of what is given for all.
func (o Options) message(l line) (producer.Message, error) {
	m := o.Message
	if l.err != nil {
		return m, l.err
	}
	if !o.JSON {
		m.Value = l.text
		return m, nil
	}
	own, err := record.Parse(l.text)
	if err != nil {
		return m, fmt.Errorf("message: %w", err)
	}
	if own.Topic == "" || o.Message.Topic != "" {
		own.Topic = m.Topic
	}
	if own.Priority == nil {
		own.Priority = m.Priority
	}
	if own.Key == nil {
		own.Key = m.Key
	}
	own.Headers = append(slices.Clip(m.Headers), own.Headers...)
	return own, nil
}
