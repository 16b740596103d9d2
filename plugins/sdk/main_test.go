package sdk

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// TestMain makes this test binary the plugins of the process tests, too.
func TestMain(m *testing.M) {
	if name := os.Getenv("SDK_TEST_PLUGIN"); name != "" {
		Serve(plugins[name], Name("test"), Version("9"))
		if name == "after" {
			fmt.Fprintln(os.Stderr, "main goes on")
		}
		syscall.Exit(0) // a return takes a second under the race detector
	}
	os.Exit(m.Run())
}

var plugins = map[string]Handler{
	"noop": HandlerFunc(func(context.Context, *Message) error { return nil }),
	"print": HandlerFunc(func(context.Context, *Message) error {
		fmt.Println("to standard output")
		os.NewFile(1, "one").WriteString("to descriptor 1\n")
		fmt.Fprintln(os.Stderr, "to standard error")
		return nil
	}),
	"wait": HandlerFunc(func(ctx context.Context, _ *Message) error {
		fmt.Fprintln(os.Stderr, "waits")
		<-ctx.Done()
		return ctx.Err()
	}),
	"finish": HandlerFunc(func(ctx context.Context, _ *Message) error {
		fmt.Fprintln(os.Stderr, "waits")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(300 * time.Millisecond):
			return nil
		}
	}),
	"hang": HandlerFunc(func(context.Context, *Message) error {
		fmt.Fprintln(os.Stderr, "waits")
		select {}
	}),
	"closer": closing{},
	"after":  HandlerFunc(func(context.Context, *Message) error { return nil }),
}

type closing struct{}

func (closing) Handle(context.Context, *Message) error { return nil }
func (closing) Close(context.Context) error {
	fmt.Fprintln(os.Stderr, "closed")
	return fmt.Errorf("no connection")
}

// stream is boostd's end of one stream to a handler.
type stream struct {
	t testing.TB
	grpc.BidiStreamingClient[wire.Order, wire.Results]
	breakOff func()
}

// open serves a handler in this process, starts it, and opens a stream.
func open(t testing.TB, h Handler) (stream, *service) {
	t.Helper()
	s := newService(h)
	pipe := bufconn.Listen(1 << 20)
	server := s.server()
	go server.Serve(pipe)
	conn, err := grpc.NewClient("passthrough:test", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return pipe.Dial() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); server.Stop() })
	return started(t, wire.NewHandlerClient(conn)), s
}

func started(t testing.TB, c wire.HandlerClient) stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	if _, err := c.Start(ctx, &wire.StartRequest{Handler: "orders", Slots: 8}); err != nil {
		t.Fatal(err)
	}
	work, err := c.Work(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return stream{t, work, cancel}
}

func (s stream) batch(timeout time.Duration, ids ...uint64) {
	s.t.Helper()
	s.order(newOrder(timeout, false, ids...))
}

func newOrder(timeout time.Duration, together bool, ids ...uint64) *wire.Order {
	b := &wire.Batch{TimeoutMs: uint32(timeout.Milliseconds()), Together: together}
	for _, id := range ids {
		b.Messages = append(b.Messages, &wire.Message{Id: id, Topic: "orders", Offset: int64(id), Attempt: 1})
	}
	return &wire.Order{Order: &wire.Order_Batch{Batch: b}}
}

func (s stream) order(o *wire.Order) {
	s.t.Helper()
	if err := s.Send(o); err != nil {
		s.t.Fatal(err)
	}
}

func (s stream) cancel(ids ...uint64) {
	s.t.Helper()
	s.order(&wire.Order{Order: &wire.Order_Cancel{Cancel: &wire.Cancel{Ids: ids}}})
}

// results are those of n messages, as text in the order in which they came. A second
// result of a message fails the test.
func (s stream) results(n int) map[uint64]string {
	s.t.Helper()
	all := map[uint64]string{}
	for len(all) < n {
		r, err := s.Recv()
		if err != nil {
			s.t.Fatalf("%v, after %d of %d results", err, len(all), n)
		}
		add(s.t, all, r)
	}
	return all
}

func add(t testing.TB, all map[uint64]string, r *wire.Results) {
	t.Helper()
	note := func(id uint64, text string) {
		if first, ok := all[id]; ok {
			t.Errorf("a second result of %d: %s, after %s", id, text, first)
		}
		all[id] = text
	}
	for _, id := range r.GetDone() {
		note(id, "done")
	}
	for _, f := range r.GetFailed() {
		text := "retry"
		if f.GetDead() {
			text = "dead"
		}
		if f.GetCancelled() {
			text = "cancelled"
		}
		note(f.GetId(), text+" "+f.GetReason())
	}
}

// goroutines waits until there are no more than before.
func goroutines(t *testing.T, before int) {
	t.Helper()
	eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("still not: %s", what)
		}
	}
}
