package sdk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/kafkaboost/boostd/plugins/wire"
)

const (
	// exitUsage is for a person who starts the program, exitFailed for what went wrong.
	exitUsage  = 64
	exitFailed = 1
	// finishTime is how long what runs may go on after SIGTERM, closeTime how long
	// everything may take then: two seconds after SIGTERM boostd kills the process.
	finishTime = time.Second
	closeTime  = 1700 * time.Millisecond
	// lastTime is how long answers on their way may take after that.
	lastTime = 100 * time.Millisecond
)

// Serve serves the handler to the boostd that has started the process, and returns
// when boostd ends it: then what runs has finished, or was given a second to, and the
// handler is closed. What main does after it has no time to speak of.
//
// Serve ends the process itself, with exit code 64 and a word of advice, when a person
// has started it, and with 1 when it can't serve. It makes standard output the same as
// standard error, and pays no attention to SIGINT: a Ctrl-C in a terminal is for
// boostd.
func Serve(h Handler, options ...Option) {
	if os.Getenv(wire.Cookie) != wire.CookieValue {
		fmt.Fprint(os.Stderr, advice())
		os.Exit(exitUsage)
	}
	if err := serve(newService(h, options...)); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		os.Exit(exitFailed)
	}
}

func advice() string {
	path, err := os.Executable()
	if err != nil {
		path = os.Args[0]
	}
	return fmt.Sprintf(`%s is a handler of boostd. It isn't started by hand: boostd starts it, for a handler in boostd.yaml:

    handlers: {%[1]s: {plugin: %[2]s}}

To try it:

    boostd handlers check %[2]s
`, filepath.Base(path), path)
}

// serve returns when the plugin has ended.
func serve(s *service) error {
	if err := speaks(os.Getenv("PLUGIN_PROTOCOL_VERSIONS")); err != nil {
		return err
	}
	ask := make(chan os.Signal, 1)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(ask, syscall.SIGTERM)
	signal.Notify(interrupts, os.Interrupt) // not Ignore, which programs that the handler starts would inherit
	handshake, err := takeOutput()
	if err != nil {
		return err
	}
	defer handshake.Close() // and not earlier: nobody shall take its end for the program's
	listener, err := listen()
	if err != nil {
		return err
	}
	ctx, shutdown := context.WithCancel(context.Background())
	defer shutdown()
	server := s.server(controller(shutdown))
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if _, err := fmt.Fprintf(handshake, "1|%d|unix|%s|grpc|\n", wire.Version, listener.Addr()); err != nil {
		return errors.Join(fmt.Errorf("tell boostd the socket: %w", err), listener.Close())
	}
	select {
	case <-ask:
	case <-ctx.Done():
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	}
	if err := s.close(finishTime, closeTime); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n", err)
	}
	stop(server)
	return nil
}

// stop lets the last answers go out, and removes the socket. It doesn't wait for a
// handler that hangs.
func stop(server *grpc.Server) {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		server.GracefulStop()
	}()
	timer := time.NewTimer(lastTime)
	defer timer.Stop()
	select {
	case <-stopped:
	case <-timer.C:
		server.Stop()
	}
}

// speaks says whether boostd speaks our version of the protocol.
func speaks(versions string) error {
	if versions == "" || slices.Contains(strings.Split(versions, ","), strconv.Itoa(wire.Version)) {
		return nil
	}
	return fmt.Errorf("boostd speaks version %q of the protocol, this program %d: build it with a newer plugins/sdk", versions, wire.Version)
}

// takeOutput makes standard output the same as standard error, for everything that
// writes there from now on, and returns what it was.
func takeOutput() (*os.File, error) {
	fd, err := unix.FcntlInt(os.Stdout.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = unix.Dup2(int(os.Stderr.Fd()), int(os.Stdout.Fd()))
	}
	if err != nil {
		return nil, fmt.Errorf("join standard output to standard error: %w", err)
	}
	return os.NewFile(uintptr(fd), "handshake"), nil
}

// listen makes the socket, in the folder that boostd has for it.
func listen() (net.Listener, error) {
	dir := os.Getenv("PLUGIN_UNIX_SOCKET_DIR")
	if dir == "" {
		dir = os.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("plugin-%d-%.6s", os.Getpid(), rand.Text()))
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("make socket: %w", err), listener.Close())
	}
	return listener, nil
}

// controller is go-plugin's service by which boostd asks for the end.
func controller(shutdown func()) func(grpc.ServiceRegistrar) {
	return func(r grpc.ServiceRegistrar) {
		r.RegisterService(&grpc.ServiceDesc{
			ServiceName: "plugin.GRPCController",
			HandlerType: (*any)(nil),
			Methods: []grpc.MethodDesc{{
				MethodName: "Shutdown",
				Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
					if err := decode(&emptypb.Empty{}); err != nil {
						return nil, err
					}
					shutdown()
					return &emptypb.Empty{}, nil
				},
			}},
		}, struct{}{})
	}
}
