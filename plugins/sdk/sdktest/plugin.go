// Package sdktest runs a handler in a test as boostd does: with the same bytes on the
// same protocol, but without a process.
//
//	func TestHandler(t *testing.T) {
//		r := sdktest.Handle(t, sdk.HandlerFunc(handle), sdk.Message{Value: []byte("hello")})
//		if !r.Done {
//			t.Errorf("not done: %s", r.Reason)
//		}
//	}
//
// It owns the connection and boostd's part in it. It doesn't try what the process does:
// `boostd handlers check` does.
package sdktest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/kafkaboost/boostd/plugins/sdk"
	"github.com/kafkaboost/boostd/plugins/wire"
)

// Settings are what boostd.yaml has for the handler under `settings:`.
type Settings map[string]string

// Result is what boostd learns of a message.
type Result struct {
	// Done: it was handled. Then the rest is empty.
	Done bool
	// Dead: it isn't tried again.
	Dead bool
	// Cancelled: it was given up because of Cancel, and is tried again.
	Cancelled bool
	// After is the shortest time before the next attempt, 0 when the handler leaves it
	// to boostd.yaml.
	After time.Duration
	// Reason says why it isn't done.
	Reason string
}

// Plugin is a handler that has started. It may be used by several goroutines.
type Plugin struct {
	t      testing.TB
	stream grpc.BidiStreamingClient[wire.Order, wire.Results]

	mu     sync.Mutex // also held while sending
	nextID uint64
	wanted map[uint64]chan<- Result
	broken error // why there will be no more results
}

// Handle starts h without settings, gives it one message, and says what came of it.
// Where m has no Topic and no Attempt they are "test" and 1.
func Handle(t testing.TB, h sdk.Handler, m sdk.Message) Result {
	t.Helper()
	return Start(t, h, nil).Handle(m)
}

// Start starts h with settings; the test fails when it refuses. When the test ends, h
// is closed, which it has a second for.
func Start(t testing.TB, h sdk.Handler, settings Settings) *Plugin {
	t.Helper()
	p, err := TryStart(t, h, settings)
	if err != nil {
		t.Fatalf("start handler: %v", err)
	}
	return p
}

// TryStart is Start for a test of what h refuses. Its error has the text of h's.
func TryStart(t testing.TB, h sdk.Handler, settings Settings) (*Plugin, error) {
	t.Helper()
	server, end := sdk.NewServer(h)
	pipe := bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(pipe); err != nil {
			t.Errorf("serve handler: %v", err)
		}
	}()
	conn, err := grpc.NewClient("passthrough:test",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return pipe.Dial() }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxFrame)))
	if err != nil {
		t.Fatalf("connect to handler: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		if err := end(time.Second, 2*time.Second); err != nil {
			t.Errorf("%v", err)
		}
		cancel()
		if err := conn.Close(); err != nil {
			t.Errorf("close connection: %v", err)
		}
		server.Stop()
		<-served
	})
	client := wire.NewHandlerClient(conn)
	request := &wire.StartRequest{Handler: "test", Boostd: "test", Slots: 16, Settings: settings}
	if _, err := client.Start(ctx, request); err != nil {
		return nil, errors.New(status.Convert(err).Message())
	}
	stream, err := client.Work(ctx)
	if err != nil {
		t.Fatalf("open stream: %v", err)
	}
	p := &Plugin{t: t, stream: stream, wanted: map[uint64]chan<- Result{}}
	go p.receive()
	return p, nil
}

// Handle gives the handler one message and waits for the result.
func (p *Plugin) Handle(m sdk.Message) Result {
	p.t.Helper()
	return p.batch(context.Background(), false, []sdk.Message{m})[0]
}

// HandleContext is Handle, where the message is given up when ctx ends, as boostd does
// with one that is in the way.
func (p *Plugin) HandleContext(ctx context.Context, m sdk.Message) Result {
	p.t.Helper()
	return p.batch(ctx, false, []sdk.Message{m})[0]
}

// HandleBatch gives the handler several messages to be handled as one, and waits for
// the results, which are in the order of the messages.
func (p *Plugin) HandleBatch(messages ...sdk.Message) []Result {
	p.t.Helper()
	if len(messages) == 0 {
		return nil
	}
	return p.batch(context.Background(), true, messages)
}

func (p *Plugin) batch(ctx context.Context, together bool, messages []sdk.Message) []Result {
	p.t.Helper()
	order := &wire.Batch{Together: together}
	waits := make([]chan Result, len(messages))
	var ids []uint64
	p.mu.Lock()
	for i, m := range messages {
		p.nextID++
		waits[i] = make(chan Result, 1)
		p.wanted[p.nextID] = waits[i]
		ids = append(ids, p.nextID)
		order.Messages = append(order.Messages, encode(p.nextID, m))
	}
	p.send(&wire.Order{Order: &wire.Order_Batch{Batch: order}})
	p.mu.Unlock()
	defer context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.send(&wire.Order{Order: &wire.Order_Cancel{Cancel: &wire.Cancel{Ids: ids}}})
	})()
	results := make([]Result, len(waits))
	for i, wait := range waits {
		r, ok := <-wait
		if !ok {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.t.Fatalf("no result: %v", p.broken)
		}
		results[i] = r
	}
	return results
}

// send sends an order. The lock is held.
func (p *Plugin) send(o *wire.Order) {
	err := p.broken
	if err == nil {
		err = p.stream.Send(o)
	}
	if err != nil {
		p.end(fmt.Errorf("send to handler: %w", err))
	}
}

func (p *Plugin) receive() {
	for {
		results, err := p.stream.Recv()
		p.mu.Lock()
		if err != nil {
			p.end(fmt.Errorf("receive from handler: %w", err))
			p.mu.Unlock()
			return
		}
		for _, id := range results.GetDone() {
			p.answer(id, Result{Done: true})
		}
		for _, f := range results.GetFailed() {
			p.answer(f.GetId(), Result{
				Dead: f.GetDead(), Cancelled: f.GetCancelled(), Reason: f.GetReason(),
				After: time.Duration(f.GetAfterMs()) * time.Millisecond,
			})
		}
		p.mu.Unlock()
	}
}

func (p *Plugin) answer(id uint64, r Result) {
	wait, ok := p.wanted[id]
	if !ok {
		p.t.Errorf("a result that nobody waits for: %+v", r)
		return
	}
	delete(p.wanted, id)
	wait <- r
}

// end tells all who wait that nothing comes. The lock is held.
func (p *Plugin) end(err error) {
	if p.broken == nil {
		p.broken = err
	}
	for id, wait := range p.wanted {
		delete(p.wanted, id)
		close(wait)
	}
}

func encode(id uint64, m sdk.Message) *wire.Message {
	w := &wire.Message{
		Id: id, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Level: int32(m.Level),
		Attempt: uint32(max(m.Attempt, 1)), Key: m.Key, Value: m.Value,
	}
	if w.GetTopic() == "" {
		w.Topic = "test"
	}
	for _, h := range m.Headers {
		w.Headers = append(w.Headers, &wire.Header{Key: h.Key, Value: h.Value})
	}
	if !m.ProducedAt.IsZero() {
		w.ProducedAtNs = m.ProducedAt.UnixNano()
	}
	return w
}
