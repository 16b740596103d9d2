package conformance

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kafkaboost/boostd/plugins/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// TestMain makes this test binary a plugin with a flaw, too: a link to it is named after
// the flaw.
func TestMain(m *testing.M) {
	if os.Getenv(wire.Cookie) == wire.CookieValue {
		flawed(filepath.Base(os.Args[0]))
	}
	os.Exit(m.Run())
}

// flawed is a plugin without an SDK, that says done to all messages and has one flaw.
func flawed(flaw string) {
	switch flaw {
	case "noisy":
		os.Stdout.WriteString("connecting to the warehouse\n")
	case "dies":
		os.Stderr.WriteString("no warehouse\n")
		syscall.Exit(3)
	case "silent":
		os.Stderr.WriteString("silent\n")
		select {}
	case "by-hand":
		syscall.Exit(64)
	}
	path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s")
	network := "unix"
	switch flaw {
	case "elsewhere":
		path = filepath.Join(os.TempDir(), filepath.Base(filepath.Dir(os.Args[0]))+".sock")
	case "tcp":
		network, path = "tcp", "127.0.0.1:0"
	}
	listener, err := net.Listen(network, path)
	if err != nil {
		panic(err)
	}
	limit := wire.MaxFrame
	if flaw == "small" {
		limit = 4 << 20
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(limit))
	wire.RegisterHandlerServer(server, &flawedPlugin{flaw: flaw})
	if flaw != "unhealthy" {
		h := health.NewServer()
		h.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
		grpc_health_v1.RegisterHealthServer(server, h)
	}
	terminated := make(chan os.Signal, 1)
	if flaw != "no-sigterm" {
		signal.Notify(terminated, syscall.SIGTERM)
	} else {
		signal.Ignore(syscall.SIGTERM)
	}
	if flaw != "sigint" {
		signal.Ignore(syscall.SIGINT)
	}
	go server.Serve(listener)
	os.Stdout.WriteString("1|1|" + network + "|" + listener.Addr().String() + "|grpc|\n")
	<-terminated
	if flaw != "socket" {
		os.Remove(path)
	}
	syscall.Exit(0) // a return takes a second under the race detector
}

type flawedPlugin struct {
	wire.UnimplementedHandlerServer

	flaw   string
	starts int
}

func (p *flawedPlugin) Start(_ context.Context, r *wire.StartRequest) (*wire.StartReply, error) {
	p.starts++
	switch {
	case p.flaw == "refuses":
		return nil, status.Error(codes.Unknown, "no url in settings")
	case p.flaw == "second-start" && p.starts > 1:
		syscall.Exit(1)
	case p.flaw == "strict" && r.GetSettings()["boostd_check_unknown"] != "":
		return nil, status.Error(codes.InvalidArgument, "")
	case p.flaw == "child":
		child := exec.Command("sh", "-c", "trap '' TERM; echo ready; sleep 60")
		out, err := child.StdoutPipe()
		if err == nil {
			err = child.Start()
		}
		if err != nil {
			return nil, err
		}
		out.Read(make([]byte, 1))
	}
	return &wire.StartReply{Name: "flawed"}, nil
}

func (p *flawedPlugin) Work(s grpc.BidiStreamingServer[wire.Order, wire.Results]) error {
	for {
		order, err := s.Recv()
		if errors.Is(err, io.EOF) {
			switch p.flaw {
			case "stays":
				<-s.Context().Done()
			case "angry":
				return status.Error(codes.Internal, "why?")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if p.flaw == "cancel" && order.GetCancel() != nil {
			return status.Error(codes.Internal, "nothing to cancel")
		}
		r := &wire.Results{}
		for i, m := range order.GetBatch().GetMessages() {
			switch {
			case p.flaw == "crash" && len(m.GetValue()) > 4<<20-1:
				syscall.Exit(2)
			case p.flaw == "forgets" && i == 200, p.flaw == "forgets-all":
				continue
			case p.flaw == "twice" && i == 1:
				r.Failed = append(r.Failed, &wire.Failure{Id: m.GetId()})
			case p.flaw == "stranger" && i == 255:
				r.Done = append(r.Done, 1<<62)
			}
			r.Done = append(r.Done, m.GetId())
		}
		if err := s.Send(r); err != nil {
			return err
		}
	}
}

func (p *flawedPlugin) Stacks(context.Context, *wire.StacksRequest) (*wire.StacksReply, error) {
	switch p.flaw {
	case "long-stacks":
		return &wire.StacksReply{Text: strings.Repeat("x", wire.MaxStacks+1)}, nil
	case "no-stacks":
		return nil, status.Error(codes.Internal, "not now")
	}
	return nil, status.Error(codes.Unimplemented, "")
}
