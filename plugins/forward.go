package plugins

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/kafkaboost/boostd"
)

// Forwarder writes messages into topics. Safe from any goroutine.
type Forwarder interface {
	// Route is where a message of m's level belongs by the settings in force: the
	// topic of its level, if base has one, else base itself. Without base it is that
	// of the topic that m came from. The headers are m's, with the level in them.
	Route(m *boostd.Message, base string) (topic string, headers []boostd.Header)
	// Forward writes m with those headers into the topic. While there is no room for
	// it, it waits, at most until ctx ends. When it returns nil, done is called once,
	// from any goroutine, with nil when the brokers have acknowledged it. It keeps
	// nothing of m.
	Forward(ctx context.Context, m *boostd.Message, topic string, headers []boostd.Header, done func(error)) error
	// Close gives up what isn't acknowledged.
	Close(ctx context.Context) error
}

// ErrNeverForwarded says that a message can't be written, however often it is tried.
var ErrNeverForwarded = errors.New("it will never be written")

// OriginHeader says where a forwarded message was read, as TOPIC/PARTITION@OFFSET.
// One that was forwarded several times has several, the last place last.
const OriginHeader = "boostd_origin"

// forwardWindow is how many messages of a slot are on their way at once.
const forwardWindow = 256

// forwardDoer writes messages into other topics.
type forwardDoer struct {
	to        ForwardConfig
	forwarder Forwarder
}

var _ taker = (*forwardDoer)(nil)

func (d *forwardDoer) takes() bool { return true }

func (d *forwardDoer) close(ctx context.Context) error { return d.forwarder.Close(ctx) }

// handle has many messages on their way and reports each when it is acknowledged. Of
// a key one is on its way at a time: work sees to that.
func (d *forwardDoer) handle(ctx context.Context, work boostd.Work) {
	f := newFlight(work)
	for {
		if m, ok := work.Next(); ok {
			d.take(ctx, m, f)
			f.report(f.take())
			continue
		}
		if len(f.open) == 0 {
			return
		}
		landed, ok := f.await(ctx)
		if !ok {
			f.giveUp(ctx)
			return
		}
		f.report(landed)
	}
}

// take puts a message on its way, or reports it.
func (d *forwardDoer) take(ctx context.Context, m *boostd.Message, f *flight) {
	if !d.makeWay(ctx, m, f) {
		f.work.Report(m, unsent(ctx))
	} else if r, sent := d.send(ctx, m, f); !sent {
		f.work.Report(m, r)
	}
}

// makeWay waits until there is room for a message. It is false when ctx has ended.
func (d *forwardDoer) makeWay(ctx context.Context, m *boostd.Message, f *flight) bool {
	for len(f.open) >= forwardWindow {
		landed, ok := f.await(ctx)
		if !ok {
			return false
		}
		f.report(landed)
	}
	f.open[m] = true
	return true
}

// send puts a message on its way, or has its result.
func (d *forwardDoer) send(ctx context.Context, m *boostd.Message, f *flight) (r boostd.Result, sent bool) {
	topic, headers := d.to.Topic, m.Headers
	if d.to.Route {
		topic, headers = d.forwarder.Route(m, d.to.Topic)
	}
	err := loops(m, topic)
	if err == nil {
		headers = append(slices.Clip(headers), boostd.Header{Key: OriginHeader, Value: []byte(m.String())})
		err = d.forwarder.Forward(ctx, m, topic, headers, func(err error) { f.land(m, err) })
	}
	if err == nil {
		return boostd.Result{}, true
	}
	delete(f.open, m)
	if ctx.Err() != nil {
		return unsent(ctx), false
	}
	return landing{m, err}.result(), false
}

// errLoop is why a message isn't written where it has come from.
var errLoop = errors.New("messages go round in a circle: look at the forward handlers")

// loops finds a message that has been in the topic that it would go to.
func loops(m *boostd.Message, topic string) error {
	if m.Topic == topic {
		return fmt.Errorf("it would go to %s, where it comes from: %w: %w", topic, errLoop, ErrNeverForwarded)
	}
	for i := range m.Headers {
		if m.Headers[i].Key != OriginHeader {
			continue
		}
		if origin, err := boostd.ParseCoordinates(string(m.Headers[i].Value)); err == nil && origin.Topic == topic {
			return fmt.Errorf("it would go to %s, where it has been: %w: %w", topic, errLoop, ErrNeverForwarded)
		}
	}
	return nil
}

// unsent is the result of a message that waited for its turn when ctx ended.
func unsent(ctx context.Context) boostd.Result {
	return retry(whyEnded(ctx) + " while waiting for those before it: it was not written")
}

// unconfirmed is the result of a message on its way when ctx ends.
func unconfirmed(ctx context.Context) boostd.Result {
	return retry(whyEnded(ctx) + ": no broker has confirmed it yet, it may be written")
}

// landing is what became of a message.
type landing struct {
	message *boostd.Message
	err     error
}

func (l landing) result() boostd.Result {
	switch {
	case l.err == nil:
		return done()
	case errors.Is(l.err, ErrNeverForwarded):
		return dead(printable([]byte(l.err.Error()), 2*maxText))
	}
	return retry(printable([]byte(l.err.Error()), 2*maxText))
}

// flight is the messages of one slot that are on their way. land may be called from
// any goroutine, also when nobody waits any more; the rest is the slot's.
type flight struct {
	work boostd.Work
	open map[*boostd.Message]bool

	mu     sync.Mutex
	landed []landing
	wake   chan struct{} // has room for one
}

func newFlight(work boostd.Work) *flight {
	return &flight{work: work, open: map[*boostd.Message]bool{}, wake: make(chan struct{}, 1)}
}

func (f *flight) land(m *boostd.Message, err error) {
	f.mu.Lock()
	f.landed = append(f.landed, landing{m, err})
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take returns what has landed, without waiting.
func (f *flight) take() []landing {
	f.mu.Lock()
	defer f.mu.Unlock()
	landed := f.landed
	f.landed = nil
	return landed
}

// await waits until something has landed; it is false when ctx ends before.
func (f *flight) await(ctx context.Context) ([]landing, bool) {
	for {
		if landed := f.take(); len(landed) > 0 {
			return landed, true
		}
		select {
		case <-f.wake:
		case <-ctx.Done():
			landed := f.take()
			return landed, len(landed) > 0
		}
	}
}

func (f *flight) report(landed []landing) {
	for _, l := range landed {
		delete(f.open, l.message)
		f.work.Report(l.message, l.result())
	}
}

// giveUp reports all that is on its way.
func (f *flight) giveUp(ctx context.Context) {
	for m := range f.open {
		f.work.Report(m, unconfirmed(ctx))
	}
	clear(f.open)
}
