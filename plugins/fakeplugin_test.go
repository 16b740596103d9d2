package plugins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// servePlugin makes this process a plugin that does what the messages' values say. Its
// first argument is what it does wrong before that.
func servePlugin(args []string) {
	switch args[0] {
	case "garbage":
		fmt.Println("hello, I am no plugin\x1b[2J")
		time.Sleep(time.Minute)
	case "version":
		fmt.Println("1|77|unix|/tmp/nowhere|grpc|")
		time.Sleep(time.Minute)
	case "exits":
		return
	case "silent":
		time.Sleep(time.Minute)
	case "crashes":
		exit(7)
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: wire.Cookie, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{wire.Version: {"handler": served{wrong: args[0]}}},
		Logger:           hclog.NewNullLogger(),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(wire.MaxFrame))...)
		},
	})
}

type served struct {
	plugin.NetRPCUnsupportedPlugin
	wrong string
}

func (s served) GRPCServer(_ *plugin.GRPCBroker, to *grpc.Server) error {
	wire.RegisterHandlerServer(to, &fakePlugin{wrong: s.wrong})
	return nil
}

func (served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("this is a plugin")
}

type fakePlugin struct {
	wire.UnimplementedHandlerServer
	wrong string
}

func (f *fakePlugin) Start(_ context.Context, r *wire.StartRequest) (*wire.StartReply, error) {
	if f.wrong == "refuses" {
		return nil, errors.New("no database at " + r.GetSettings()["database"])
	}
	// What the daemon has and it shouldn't, and what it should; a reply holds little.
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return !strings.HasPrefix(pair, "AWS") && !strings.HasPrefix(pair, "TOKEN") && !strings.HasPrefix(pair, "BOOSTD")
	})
	return &wire.StartReply{Name: "fake\x1b[2J", Version: strings.Repeat("1", 1<<20), Sdk: strings.Join(env, " ")}, nil
}

func (f *fakePlugin) Stacks(context.Context, *wire.StacksRequest) (*wire.StacksReply, error) {
	return &wire.StacksReply{Text: "everybody stands here"}, nil
}

func (f *fakePlugin) Work(stream grpc.BidiStreamingServer[wire.Order, wire.Results]) error {
	w := &fakeWork{stream: stream, cancelled: map[uint64]chan struct{}{}}
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
		if b := o.GetBatch(); b != nil && string(b.Messages[0].Value) == "close" {
			return errors.New("no more of this")
		} else if b != nil {
			w.mu.Lock()
			for _, m := range b.Messages {
				w.cancelled[m.Id] = make(chan struct{})
			}
			w.mu.Unlock()
			w.batches.Go(func() { w.batch(b) })
		}
	}
}

type fakeWork struct {
	stream    grpc.BidiStreamingServer[wire.Order, wire.Results]
	batches   sync.WaitGroup
	mu        sync.Mutex // of sending, and of the channels' ends
	cancelled map[uint64]chan struct{}
}

func (w *fakeWork) cancel(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.cancelled[id]; c != nil {
		close(c)
		w.cancelled[id] = nil
	}
}

func (w *fakeWork) send(r *wire.Results) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.stream.Send(r)
}

func (w *fakeWork) batch(b *wire.Batch) {
	all := &wire.Results{}
	for _, m := range b.Messages {
		if m.Value == nil {
			all.Done = append(all.Done, m.Id)
			continue
		}
		w.send(w.do(m, string(m.Value)))
	}
	if len(all.Done) > 0 {
		w.send(all)
	}
}

// do does what the text says: a word, and after a colon how.
func (w *fakeWork) do(m *wire.Message, text string) *wire.Results {
	word, how, _ := strings.Cut(text, ":")
	failed := func(f *wire.Failure) *wire.Results {
		f.Id = m.Id
		return &wire.Results{Failed: []*wire.Failure{f}}
	}
	done := &wire.Results{Done: []uint64{m.Id}}
	switch word {
	case "retry":
		return failed(&wire.Failure{Reason: how, AfterMs: 1500})
	case "dead":
		return failed(&wire.Failure{Reason: how, Dead: true})
	case "crash":
		exit(3)
	case "sleep":
		d, _ := time.ParseDuration(how)
		select {
		case <-time.After(d):
		case <-w.channel(m.Id):
			return failed(&wire.Failure{Cancelled: true})
		}
	case "hang":
		select {}
	case "twice":
		done.Done = append(done.Done, m.Id)
	case "unknown":
		done.Done = append(done.Done, 99<<laneBits|1, 5)
	case "flood":
		for range 10_000 {
			done.Done = append(done.Done, m.Id)
		}
	case "huge":
		return failed(&wire.Failure{Reason: strings.Repeat("x", 100<<20)})
	case "leak":
		block := make([]byte, 64<<20)
		for n := 0; n < len(block); n += os.Getpagesize() {
			block[n] = 1
		}
		leaked = append(leaked, block)
		time.Sleep(100 * time.Millisecond)
	case "pid":
		return failed(&wire.Failure{Reason: strconv.Itoa(os.Getpid())})
	}
	return done
}

var leaked [][]byte

func (w *fakeWork) channel(id uint64) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cancelled[id]
}
