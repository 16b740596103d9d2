package examples

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// slots are as many as the checks of timing need: 64 batches at the same time.
const slots = 64

// patience is how long Kill waits for a process before it kills.
const patience = 2 * time.Second

// running is a plugin's process, started as boostd starts one: with nothing in its
// environment but what every process needs.
type running struct {
	wire.HandlerClient
	client *plugin.Client
	said   *said
}

// start starts the program of one path, and asks it to make itself ready.
func start(tb testing.TB, path string, settings map[string]string) (*running, error) {
	tb.Helper()
	p := &running{said: &said{}}
	cmd := exec.Command(path)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + tb.TempDir(), "LANG=C.UTF-8"}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: wire.Version, MagicCookieKey: wire.Cookie, MagicCookieValue: wire.CookieValue},
		Plugins:          plugin.PluginSet{wire.Service: handlerPlugin{}},
		Cmd:              cmd,
		SkipHostEnv:      true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		Stderr:           p.said,
		StartTimeout:     time.Minute,
	})
	tb.Cleanup(func() { p.end(tb) })
	protocol, err := p.client.Client()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w\n%s", path, err, p.said.text())
	}
	if err := protocol.Ping(); err != nil {
		return nil, fmt.Errorf("ask %s for its health: %w", path, err)
	}
	raw, err := protocol.Dispense(wire.Service)
	if err != nil {
		return nil, err
	}
	p.HandlerClient = raw.(wire.HandlerClient)
	_, err = p.Start(tb.Context(), &wire.StartRequest{Handler: "example", Boostd: "test", Slots: slots, Settings: settings})
	return p, err
}

// end ends the process, which must not want to be killed.
func (p *running) end(tb testing.TB) {
	began := time.Now()
	p.client.Kill()
	if took := time.Since(began); took >= patience || !p.client.Exited() {
		tb.Errorf("the plugin didn't end by itself within %v", patience)
	}
	if tb.Failed() {
		tb.Logf("the plugin's standard error:\n%s", p.said.text())
	}
}

// stream is one Work stream of a running plugin.
type stream struct {
	wire.Handler_WorkClient
	tb testing.TB
}

func (p *running) work(tb testing.TB) *stream {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
	tb.Cleanup(cancel)
	w, err := p.Work(ctx, grpc.MaxCallRecvMsgSize(wire.MaxFrame), grpc.MaxCallSendMsgSize(wire.MaxFrame))
	if err != nil {
		tb.Fatal(err)
	}
	return &stream{w, tb}
}

func (s *stream) batch(b *wire.Batch) {
	s.tb.Helper()
	if err := s.Send(&wire.Order{Order: &wire.Order_Batch{Batch: b}}); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *stream) cancel(ids ...uint64) {
	s.tb.Helper()
	if err := s.Send(&wire.Order{Order: &wire.Order_Cancel{Cancel: &wire.Cancel{Ids: ids}}}); err != nil {
		s.tb.Fatal(err)
	}
}

// outcome is one message's result; failure is nil where it is done.
type outcome struct {
	id      uint64
	failure *wire.Failure
	at      time.Time
}

// results waits for n of them, in the order in which they come.
func (s *stream) results(n int) []outcome {
	s.tb.Helper()
	var all []outcome
	for len(all) < n {
		r, err := s.Recv()
		if err != nil {
			s.tb.Fatalf("after %d of %d results: %v", len(all), n, err)
		}
		for _, id := range r.GetDone() {
			all = append(all, outcome{id: id, at: time.Now()})
		}
		for _, f := range r.GetFailed() {
			all = append(all, outcome{f.GetId(), f, time.Now()})
		}
	}
	return all
}

type handlerPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (handlerPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return fmt.Errorf("serve a handler: %w", net.ErrClosed)
}

func (handlerPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return wire.NewHandlerClient(c), nil
}

// said is what a process wrote to its standard error.
type said struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *said) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}
