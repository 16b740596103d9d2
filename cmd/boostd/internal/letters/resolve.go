package letters

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
)

// Sender writes records.
type Sender interface {
	Produce(ctx context.Context, r kafkaio.Record, ack kafkaio.Ack) error
}

var _ Sender = (*kafkaio.Producer)(nil)

const (
	// InFlight is how many messages may be on their way back without a mark: what
	// an interrupted replay repeats at most.
	InFlight = 100
	// settle is how long the last acknowledgements are waited for: longer than a
	// partition takes to find a new leader.
	settle = time.Minute
)

// resolver sends messages back and writes marks. A mark is written once the
// brokers have the message.
type resolver struct {
	sender  Sender
	account *Account
	slots   chan struct{} // one for each letter that is under way
	sent    chan sent     // room for all of them, so that an answer never waits
	broken  context.CancelCauseFunc
	ended   chan struct{}
}

// sent is an answer of the brokers about a message.
type sent struct {
	at    boostd.Coordinates
	topic string
	err   error
}

// resolving runs do, whose letters are resolved meanwhile, and waits for all
// that was begun. do's context ends when nothing more can be resolved.
func resolving(ctx context.Context, sender Sender, account *Account, do func(ctx context.Context, r *resolver) error) error {
	ctx, broken := context.WithCancelCause(ctx)
	defer broken(nil)
	r := &resolver{sender: sender, account: account, slots: make(chan struct{}, InFlight), sent: make(chan sent, InFlight),
		broken: broken, ended: make(chan struct{})}
	marking, stop := context.WithCancel(context.WithoutCancel(ctx)) // what was sent gets its mark, whatever ends
	defer stop()
	go r.marks(marking)
	err := do(ctx, r)
	late := r.wait(marking)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	account.end(late)
	if late > 0 {
		err = errors.Join(err, fmt.Errorf("%s without an answer within %v, written or not", letters(late), settle))
	}
	stop()
	<-r.ended
	return err
}

// wait gives everything under way its time, and returns how much of it is left.
func (r *resolver) wait(ctx context.Context) (late int) {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	for n := range cap(r.slots) {
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return cap(r.slots) - n
		}
	}
	return 0
}

// marks writes the marks of what the brokers have.
func (r *resolver) marks(ctx context.Context) {
	defer close(r.ended)
	for {
		select {
		case s := <-r.sent:
			if s.err != nil {
				r.account.fail(s.at, s.err)
				<-r.slots
				if errors.Is(s.err, kafkaio.ErrFatal) {
					r.broken(s.err)
				}
				continue
			}
			r.account.note(func() { r.account.topics[s.topic]++ })
			r.mark(ctx, s.at, deadletter.Replayed)
		case <-ctx.Done():
			return
		}
	}
}

// mark writes a letter's mark and gives its slot back.
func (r *resolver) mark(ctx context.Context, at boostd.Coordinates, resolution deadletter.Resolution) {
	record := kafkaio.Record{Topic: at.Topic, Partition: at.Partition,
		Headers: deadletter.Mark{Letter: at.Offset, Resolution: resolution}.Headers()}
	done := func(err error) {
		switch {
		case err == nil:
			r.account.note(func() { r.account.resolved++ })
		case resolution == deadletter.Replayed:
			r.account.note(func() { r.account.unmarked++ })
		default:
			r.account.fail(at, err)
		}
		<-r.slots
		if err != nil { // the next ones would have none either
			r.broken(fmt.Errorf("mark %s as %s: %w", at, resolution, err))
		}
	}
	if err := r.sender.Produce(ctx, record, kafkaio.AckFunc(func(_ int32, _ int64, err error) { done(err) })); err != nil {
		done(err)
	}
}

// begin waits for a slot.
func (r *resolver) begin(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// send sends a message back; its letter has a slot. Its error is ctx's.
func (r *resolver) send(ctx context.Context, at boostd.Coordinates, record kafkaio.Record) error {
	answer := func(err error) { r.sent <- sent{at, record.Topic, err} }
	err := r.sender.Produce(ctx, record, kafkaio.AckFunc(func(_ int32, _ int64, err error) { answer(err) }))
	switch {
	case err != nil && ctx.Err() != nil: // it wasn't begun
		<-r.slots
		return context.Cause(ctx)
	case err != nil:
		answer(err)
	}
	return nil
}
