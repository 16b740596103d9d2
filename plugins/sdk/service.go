package sdk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// version is this SDK's, as StartReply has it.
const version = "go 1.0"

// Option says something about a plugin that Serve can't know.
type Option func(*service)

// Name is what `boostd handlers list` shows. Without it, it is the program's name.
func Name(name string) Option { return func(s *service) { s.name = name } }

// Version is shown with the name. Without it, it is the version of the main module, as
// the Go command has stamped it.
func Version(version string) Option { return func(s *service) { s.version = version } }

// service is the plugin's side of the protocol, for one handler.
type service struct {
	wire.UnimplementedHandlerServer

	handler       Handler
	name, version string

	stopping, ending context.Context // nothing is begun any more; what runs is to return
	stop, end        context.CancelFunc

	mu      sync.Mutex // held while the handler starts
	started atomic.Bool
	works   sync.WaitGroup // streams; nothing is added once closed was set
	closed  bool
}

func newService(h Handler, options ...Option) *service {
	s := &service{handler: h, name: filepath.Base(os.Args[0])}
	if info, ok := debug.ReadBuildInfo(); ok {
		s.version = info.Main.Version
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.ending, s.end = context.WithCancel(context.Background())
	for _, o := range options {
		o(s)
	}
	return s
}

// NewServer is a gRPC server for one plugin that isn't serving yet, and what ends the
// plugin: end gives what runs the time finish, ends its contexts then, and calls the
// handler's Close, all within limit. The server's own end is the caller's. It is for those
// who have a connection of their own, as package sdktest has; a program calls Serve.
func NewServer(h Handler, options ...Option) (server *grpc.Server, end func(finish, limit time.Duration) error) {
	s := newService(h, options...)
	return s.server(), s.close
}

func (s *service) server(services ...func(grpc.ServiceRegistrar)) *grpc.Server {
	const window = 4 << 20 // a batch of boostd's fits without asking for more room
	server := grpc.NewServer(grpc.MaxRecvMsgSize(wire.MaxFrame), grpc.MaxSendMsgSize(wire.MaxFrame),
		grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(4*window))
	wire.RegisterHandlerServer(server, s)
	serving := health.NewServer()
	serving.SetServingStatus(wire.Service, grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, serving)
	for _, register := range services {
		register(server)
	}
	return server
}

// Start starts the handler. Once it has started, a further one changes nothing.
func (s *service) Start(ctx context.Context, r *wire.StartRequest) (*wire.StartReply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started.Load() {
		if err := s.start(ctx, r); err != nil {
			return nil, status.Error(codes.FailedPrecondition, bounded(err.Error(), maxRefusal))
		}
		s.started.Store(true)
	}
	return &wire.StartReply{Name: cut(s.name), Version: cut(s.version), Sdk: version}, nil
}

// maxRefusal bounds the text of an error of Start, in bytes: it is sent as a header.
const maxRefusal = 4096

func (s *service) start(ctx context.Context, r *wire.StartRequest) (err error) {
	starter, ok := s.handler.(Starter)
	if !ok {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	settings := maps.Clone(r.GetSettings())
	if settings == nil {
		settings = map[string]string{}
	}
	return starter.Start(ctx, Start{
		Handler: r.GetHandler(), Boostd: r.GetBoostd(), Slots: max(int(r.GetSlots()), 1), Settings: settings,
	})
}

// Work serves one stream.
func (s *service) Work(stream grpc.BidiStreamingServer[wire.Order, wire.Results]) error {
	s.mu.Lock()
	started, closed := s.started.Load(), s.closed
	if started && !closed {
		s.works.Add(1)
		defer s.works.Done()
	}
	s.mu.Unlock()
	switch {
	case closed:
		return status.Error(codes.Unavailable, errStopping.Error())
	case !started:
		return status.Error(codes.FailedPrecondition, "work before start: call Start first")
	}
	return s.serveWork(stream)
}

// Stacks says what all goroutines are doing.
func (s *service) Stacks(context.Context, *wire.StacksRequest) (*wire.StacksReply, error) {
	return &wire.StacksReply{Text: stacks()}, nil
}

// close begins nothing any more, lets what runs finish until finish is over, ends it
// then, and closes the handler; it waits for limit at most. Its error is the handler's
// own, or names what is left.
func (s *service) close(finish, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	s.stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.works.Wait()
	}()
	defer s.end()
	timer := time.AfterFunc(finish, s.end)
	defer timer.Stop()
	wait := time.NewTimer(limit * 3 / 4) // the rest is for Close
	defer wait.Stop()
	var err error
	select {
	case <-ended:
	case <-wait.C:
		err = errors.New("end plugin: a handler still runs; it is abandoned")
	}
	return errors.Join(err, s.closeHandler(ctx))
}

func (s *service) closeHandler(ctx context.Context) error {
	closer, ok := s.handler.(Closer)
	if !ok || !s.started.Load() {
		return nil
	}
	result := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				result <- panicked(p)
			}
		}()
		result <- closer.Close(ctx)
	}()
	select {
	case err := <-result:
		if err != nil {
			return fmt.Errorf("close handler: %w", err)
		}
		return nil
	case <-ctx.Done():
		return errors.New("close handler: it took too long and is abandoned")
	}
}
