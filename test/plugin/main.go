// Command plugin is a plugin for tests of whole daemons: it takes its time with each
// message, and notes what it has done in a file.
//
// It speaks the protocol itself, with no SDK between. Its settings are `takes`, the time
// of a message, and `journal`, the path of the file, of which each line is a message's
// topic/partition@offset; with `refuses` it isn't ready for work, and says
// that text; a message whose value is `poison` ends the process.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/kafkaboost/boostd/plugins/wire"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: wire.Cookie, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{wire.Version: {"handler": served{}}},
		Logger:           hclog.NewNullLogger(),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(wire.MaxFrame))...)
		},
	})
}

type served struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements plugin.GRPCPlugin.
func (served) GRPCServer(_ *plugin.GRPCBroker, to *grpc.Server) error { //nolint:unparam // the interface has it
	wire.RegisterHandlerServer(to, &handler{})
	return nil
}

// GRPCClient implements plugin.GRPCPlugin.
func (served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("this is a plugin")
}

type handler struct {
	wire.UnimplementedHandlerServer

	takes   time.Duration
	journal *os.File // nil: nothing is noted
	poison  string
}

// Start implements wire.HandlerServer.
func (h *handler) Start(_ context.Context, r *wire.StartRequest) (*wire.StartReply, error) {
	s := r.GetSettings()
	if s["refuses"] != "" {
		return nil, errors.New(s["refuses"])
	}
	var err error
	if h.takes, err = time.ParseDuration(s["takes"]); err != nil {
		return nil, fmt.Errorf("read setting takes: %w", err)
	}
	h.poison = s["poison"]
	if s["journal"] != "" {
		if h.journal, err = os.OpenFile(s["journal"], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			return nil, fmt.Errorf("open journal: %w", err)
		}
	}
	return &wire.StartReply{Name: "noter", Version: "1.2", Sdk: "none"}, nil
}

// Work implements wire.HandlerServer.
func (h *handler) Work(stream grpc.BidiStreamingServer[wire.Order, wire.Results]) error {
	w := &work{handler: h, stream: stream, cancelled: map[uint64]context.CancelFunc{}}
	defer w.batches.Wait()
	for {
		o, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, id := range o.GetCancel().GetIds() {
			w.cancel(id)
		}
		if b := o.GetBatch(); b != nil {
			contexts := w.begin(b)
			w.batches.Go(func() { w.batch(b, contexts) })
		}
	}
}

// work is what one stream has.
type work struct {
	handler *handler
	stream  grpc.BidiStreamingServer[wire.Order, wire.Results]
	batches sync.WaitGroup

	mu        sync.Mutex // also of sending
	cancelled map[uint64]context.CancelFunc
}

// begin makes what a Cancel ends before the next order is read.
func (w *work) begin(b *wire.Batch) []context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	contexts := make([]context.Context, len(b.GetMessages()))
	for n, m := range b.GetMessages() {
		contexts[n], w.cancelled[m.GetId()] = context.WithCancel(context.Background())
	}
	return contexts
}

func (w *work) cancel(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if end := w.cancelled[id]; end != nil {
		end()
	}
}

// batch handles messages in their order.
func (w *work) batch(b *wire.Batch, contexts []context.Context) {
	for n, m := range b.GetMessages() {
		if p := w.handler.poison; p != "" && string(m.GetValue()) == p {
			os.Exit(3)
		}
		r := &wire.Results{}
		select {
		case <-time.After(w.handler.takes):
			w.handler.note(m)
			r.Done = []uint64{m.GetId()}
		case <-contexts[n].Done():
			r.Failed = []*wire.Failure{{Id: m.GetId(), Cancelled: true}}
		}
		w.answer(m.GetId(), r)
	}
}

func (w *work) answer(id uint64, r *wire.Results) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancelled[id]()
	delete(w.cancelled, id)
	_ = w.stream.Send(r) // on an error the stream is over, and Recv says so
}

// note writes a line as a whole: processes that follow each other share the file.
func (h *handler) note(m *wire.Message) {
	if h.journal == nil {
		return
	}
	if _, err := fmt.Fprintf(h.journal, "%s/%d@%d\n", m.GetTopic(), m.GetPartition(), m.GetOffset()); err != nil {
		fmt.Fprintln(os.Stderr, "write journal:", err)
	}
}
