package console

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Options say where a Server listens and what it shows.
type Options struct {
	// Socket is the path of the Unix socket, over which everything can be asked
	// and changed; empty for none.
	Socket string
	// Listen is host:port, over which one can only look, and with ProduceOnPort
	// produce; empty for none.
	Listen        string
	ProduceOnPort bool
	// Token is what requests to Listen must carry; empty for nothing.
	Token     string
	Daemon    Daemon
	Held      HeldMessages // nil: none are known
	Handlers  Handlers     // nil: none are known
	LogLevels LogLevels    // nil: there are none to change
	Results   Results      // nil: none are waited for
	Producer  Producer     // nil: nothing can be produced
	Logger    hclog.Logger
}

// Bounds on what comes from outside. A request is answered within patience, a
// reload within reloadPatience; the client waits for longer, by grace, so that
// it hears when the daemon itself says that it can't answer.
const (
	maxHeader      = 8 << 10
	maxBody        = 64 << 10
	maxConnections = 64
	patience       = 1800 * time.Millisecond
	grace          = 200 * time.Millisecond
	reloadPatience = 35 * time.Second
	readPatience   = 5 * time.Second
	idlePatience   = time.Minute
)

// Server answers requests until it is closed.
type Server struct {
	socket *socket
	addr   net.Addr
	https  []*http.Server
	tasks  sync.WaitGroup
	logger hclog.Logger
}

// Start opens the socket and the port. On an error nothing is left open.
func Start(o Options) (*Server, error) {
	s := &Server{logger: o.Logger}
	a := newAPI(o)
	if o.Socket != "" {
		var err error
		if s.socket, err = listenSocket(o.Socket); err != nil {
			return nil, err
		}
		s.serve(s.socket.listener, a.onSocket())
	}
	if o.Listen != "" {
		listener, err := net.Listen("tcp", o.Listen)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen on console.listen: %w", err), s.Close(context.Background()))
		}
		s.addr = listener.Addr()
		s.serve(listener, guard{o.Token, o.Listen}.wrap(a.onPort()))
		s.logger.Info("console listens", "address", s.addr.String())
	}
	return s, nil
}

// Addr is the port's address, nil without one.
func (s *Server) Addr() net.Addr { return s.addr }

func (s *Server) serve(l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler:           bounded(s.safely(h)),
		ReadHeaderTimeout: readPatience,
		ReadTimeout:       readPatience,
		WriteTimeout:      reloadPatience + readPatience,
		IdleTimeout:       idlePatience,
		MaxHeaderBytes:    maxHeader,
		ConnContext:       withPeer,
		ErrorLog:          s.logger.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
	}
	s.https = append(s.https, server)
	s.tasks.Go(func() {
		if err := server.Serve(limit(l, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("console ended", "address", l.Addr().String(), "error", err)
		}
	})
}

// safely says what every answer has in common, and answers for a handler that
// panics: net/http tells of that at the level of visitors' mistakes.
func (s *Server) safely(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				s.logger.Error("a request has met a mistake in boostd", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				fail(w, http.StatusInternalServerError, "a mistake in boostd: its log tells more")
			}
		}()
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		h.ServeHTTP(w, r)
	})
}

// Close ends the server: requests that are being answered get until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	var errs []error
	if s.socket != nil {
		errs = append(errs, s.socket.remove())
	}
	for _, server := range s.https {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close console: %w", err), server.Close())
		}
	}
	s.tasks.Wait() // each ends with its server
	if s.socket != nil {
		errs = append(errs, s.socket.unlock())
	}
	return errors.Join(errs...)
}

// limited is a listener that has at most so many connections at once: the next
// ones wait in the kernel.
type limited struct {
	net.Listener
	free chan struct{}
}

func limit(l net.Listener, n int) net.Listener { return &limited{l, make(chan struct{}, n)} }

func (l *limited) Accept() (net.Conn, error) {
	l.free <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &counted{Conn: conn, done: sync.OnceFunc(func() { <-l.free })}, nil
}

type counted struct {
	net.Conn
	done func()
}

func (c *counted) Close() error {
	defer c.done()
	return c.Conn.Close()
}
