package plugins

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// broker is a Forwarder whose acknowledgements a test gives.
type broker struct {
	refuse func(m *boostd.Message) error // at once
	full   bool

	mu      sync.Mutex
	written []written
	changed chan struct{}
	closed  bool
}

type written struct {
	offset  int64
	topic   string
	headers []boostd.Header
	done    func(error)
}

func newBroker() *broker { return &broker{changed: make(chan struct{}, 1)} }

func (b *broker) Route(m *boostd.Message, base string) (string, []boostd.Header) {
	if base == "" {
		base = m.Topic
	}
	return fmt.Sprintf("%s_%d", base, m.Level), append(slices.Clip(m.Headers), boostd.Header{Key: "priority", Value: fmt.Append(nil, int(m.Level))})
}

func (b *broker) Forward(ctx context.Context, m *boostd.Message, topic string, headers []boostd.Header, done func(error)) error {
	if b.full {
		<-ctx.Done()
		return ctx.Err()
	}
	if b.refuse != nil {
		if err := b.refuse(m); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.written = append(b.written, written{m.Offset, topic, headers, done})
	select {
	case b.changed <- struct{}{}:
	default:
	}
	return nil
}

func (b *broker) Close(context.Context) error { b.closed = true; return nil }

// await returns what is written once that is so many, and forgets it.
func (b *broker) await(n int) []written {
	for {
		b.mu.Lock()
		if len(b.written) >= n {
			all := b.written
			b.written = nil
			b.mu.Unlock()
			return all
		}
		b.mu.Unlock()
		<-b.changed
	}
}

func (b *broker) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.written)
}

func forwardHandler(t testing.TB, to ForwardConfig, b *broker) *Handler {
	t.Helper()
	c := Config{Forward: &to}
	c.SetDefaults()
	h, err := New("copies", c, Options{Forwarder: b})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil || !b.closed {
			t.Errorf("close: %v, forwarder closed: %v", err, b.closed)
		}
	})
	return h
}

// run handles the pile on a goroutine of its own.
func carry(ctx context.Context, h *Handler, p *pile) (wait func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Handle(ctx, p)
	}()
	return func() { <-ended }
}

func TestForwardTellsWhereFrom(t *testing.T) {
	for _, c := range []struct {
		to    ForwardConfig
		topic string
		extra string
	}{
		{ForwardConfig{Topic: "archive"}, "archive", ""},
		{ForwardConfig{Topic: "archive", Route: true}, "archive_7", " priority=7"},
		{ForwardConfig{Route: true}, "orders_7", " priority=7"},
	} {
		b := newBroker()
		own := make([]boostd.Header, 2, 10) // room behind it, which isn't ours
		own[0], own[1] = boostd.Header{Key: "h", Value: []byte("v")}, boostd.Header{Key: OriginHeader, Value: []byte("first/0@9")}
		p := newPile(1, func(int) boostd.Message {
			return boostd.Message{Topic: "orders", Partition: 3, Offset: 1042, Level: 7, Headers: own}
		})
		wait := carry(t.Context(), forwardHandler(t, c.to, b), p)
		w := b.await(1)[0]
		w.done(nil)
		wait()
		text := ""
		for _, h := range w.headers {
			text += " " + h.Key + "=" + string(h.Value)
		}
		if want := " h=v boostd_origin=first/0@9" + c.extra + " boostd_origin=orders/3@1042"; w.topic != c.topic || text != want || p.result(0) != done() {
			t.Errorf("%+v: to %s with%s, %+v, want %s with%s", c.to, w.topic, text, p.result(0), c.topic, want)
		}
		if rest := own[:cap(own)]; rest[2].Key != "" {
			t.Error("the message's headers were written to")
		}
	}
}

// Many are on their way at once, and each is reported when it is acknowledged, in
// whatever order.
func TestForwardHasAWindow(t *testing.T) {
	const messages = 600
	b := newBroker()
	p := newPile(messages, func(i int) boostd.Message { return boostd.Message{Topic: "orders", Offset: int64(i)} })
	wait := carry(t.Context(), forwardHandler(t, ForwardConfig{Topic: "archive"}, b), p)
	first := b.await(forwardWindow)
	if len(first) != forwardWindow || b.count() != 0 {
		t.Errorf("%d messages are on their way, then %d more, want %d", len(first), b.count(), forwardWindow)
	}
	slices.Reverse(first)
	for _, w := range first {
		w.done(nil)
	}
	for left := messages - forwardWindow; left > 0; {
		for _, w := range b.await(1) {
			left--
			if w.offset%100 == 0 {
				w.done(errors.New("produce to archive: no broker"))
			} else {
				w.done(nil)
			}
		}
	}
	wait()
	for i := range messages {
		want := done()
		if i%100 == 0 && i >= forwardWindow {
			want = retry("produce to archive: no broker")
		}
		if r := p.result(i); r != want {
			t.Errorf("message %d: %+v, want %+v", i, r, want)
		}
	}
}

func TestForwardFaults(t *testing.T) {
	for _, c := range []struct {
		name    string
		m       boostd.Message
		err     error
		atOnce  bool
		outcome boostd.Outcome
		reason  string
	}{
		{"no broker", boostd.Message{Topic: "orders"}, errors.New("no broker has confirmed it"), false, boostd.Retry, "no broker has confirmed it"},
		{"no topic", boostd.Message{Topic: "orders"}, errors.New("the topic doesn't exist"), true, boostd.Retry, "the topic doesn't exist"},
		{"too large", boostd.Message{Topic: "orders"}, fmt.Errorf("%w: too large", ErrNeverForwarded), false, boostd.Dead, "it will never be written: too large"},
		{"too large, at once", boostd.Message{Topic: "orders"}, fmt.Errorf("%w: too large", ErrNeverForwarded), true, boostd.Dead, "it will never be written: too large"},
		{"to itself", boostd.Message{Topic: "archive"}, nil, true, boostd.Dead, "it would go to archive, where it comes from: messages go round in a circle"},
		{"back", boostd.Message{Topic: "orders", Headers: []boostd.Header{{Key: OriginHeader, Value: []byte("archive/3@7")}, {Key: OriginHeader, Value: []byte("x/0@1")}}},
			nil, true, boostd.Dead, "it would go to archive, where it has been: messages go round in a circle"},
		{"a stranger's header", boostd.Message{Topic: "orders", Headers: []boostd.Header{{Key: OriginHeader, Value: []byte("archive")}, {Key: "x", Value: []byte("archive/3@7")}}},
			nil, false, boostd.Done, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBroker()
			if c.atOnce && c.err != nil {
				b.refuse = func(*boostd.Message) error { return c.err }
			}
			p := newPile(2, func(int) boostd.Message { return c.m })
			wait := carry(t.Context(), forwardHandler(t, ForwardConfig{Topic: "archive"}, b), p)
			if !c.atOnce {
				for _, w := range b.await(2) {
					w.done(c.err)
				}
			}
			wait()
			for i := range 2 {
				if r := p.result(i); r.Outcome != c.outcome || !strings.HasPrefix(r.Reason, c.reason) || c.reason == "" && r.Reason != "" {
					t.Errorf("result %+v, want %v, %s", r, c.outcome, c.reason)
				}
			}
		})
	}
}

// When the time is over, what is on its way is tried again, and acknowledgements that
// come later find nobody.
func TestForwardEndsWithItsContext(t *testing.T) {
	b := newBroker()
	ctx, cancel := context.WithCancelCause(t.Context())
	p := newPile(forwardWindow+3, func(i int) boostd.Message { return boostd.Message{Topic: "orders", Offset: int64(i)} })
	wait := carry(ctx, forwardHandler(t, ForwardConfig{Topic: "archive"}, b), p)
	late := b.await(forwardWindow)
	cancel(errors.New("overrun"))
	wait()
	late[0].done(nil)
	for i := range forwardWindow {
		if r := p.result(i); r != retry("timed out: no broker has confirmed it yet, it may be written") {
			t.Errorf("result %+v", r)
		}
	}
	if r := p.result(forwardWindow); r != retry("timed out while waiting for those before it: it was not written") {
		t.Errorf("result %+v of a message that waited for room", r)
	}
	full := newBroker()
	full.full = true
	short, end := context.WithTimeout(t.Context(), time.Millisecond)
	defer end()
	one := newPile(1, func(int) boostd.Message { return boostd.Message{Topic: "orders"} })
	forwardHandler(t, ForwardConfig{Topic: "archive"}, full).Handle(short, one)
	if r := one.result(0); r != retry("timed out while waiting for those before it: it was not written") {
		t.Errorf("result %+v while there is no room", r)
	}
}

func TestForwardWantsAForwarder(t *testing.T) {
	c := Config{Forward: &ForwardConfig{Topic: "t"}}
	c.SetDefaults()
	if _, err := New("x", c, Options{}); err == nil {
		t.Error("New makes a forward handler without a Forwarder")
	}
}

func BenchmarkForward(b *testing.B) {
	f := newBroker()
	c := Config{Forward: &ForwardConfig{Topic: "archive"}}
	c.SetDefaults()
	h, err := New("x", c, Options{Forwarder: instant{f}})
	if err != nil {
		b.Fatal(err)
	}
	messages := make([]*boostd.Message, forwardWindow)
	for i := range messages {
		messages[i] = &boostd.Message{Topic: "orders", Offset: int64(i), Key: fmt.Append(nil, i)}
	}
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(messages) {
		h.Handle(b.Context(), &round{messages: messages})
	}
}

// instant acknowledges at once.
type instant struct{ *broker }

func (instant) Forward(_ context.Context, _ *boostd.Message, _ string, _ []boostd.Header, done func(error)) error {
	done(nil)
	return nil
}

// round hands out its messages once.
type round struct {
	messages []*boostd.Message
	next     int
}

func (r *round) Next() (*boostd.Message, bool) {
	if r.next == len(r.messages) {
		return nil, false
	}
	r.next++
	return r.messages[r.next-1], true
}

func (*round) Report(*boostd.Message, boostd.Result) {}
