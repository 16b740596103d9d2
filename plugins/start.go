package plugins

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

const (
	// handshakeTimeout is how long a plugin has until it listens, readyTimeout how
	// long its own Start may take.
	handshakeTimeout = 10 * time.Second
	readyTimeout     = 30 * time.Second
	// maxResults bounds a message from the plugin, in bytes.
	maxResults = 4 << 20
)

// clientSet is how go-plugin makes our client.
type clientSet struct{ plugin.NetRPCUnsupportedPlugin }

func (clientSet) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("boostd is no plugin")
}

func (clientSet) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// startProcess starts a plugin and waits until it is ready. On an error nothing of it
// is left.
func startProcess(ctx context.Context, l *launcher, dir string, request *wire.StartRequest) (*process, error) {
	p := &process{launcher: l, log: l.log, began: time.Now(), dead: make(chan struct{}), empty: make(chan struct{}), buried: make(chan struct{})}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: wire.Cookie, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{wire.Version: {"handler": clientSet{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(logger hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			return l.prepare(logger, cmd, dir)
		},
		StartTimeout: handshakeTimeout, SkipHostEnv: true, Logger: hclog.NewNullLogger(),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: dir},
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallSendMsgSize(wire.MaxFrame), grpc.MaxCallRecvMsgSize(maxResults))},
	})
	if err := p.connect(ctx, request); err != nil {
		p.kill(death{cause: "it isn't ready", wanted: true})
		<-p.buried
		return nil, err
	}
	return p, nil
}

// connect finishes what starting begins.
func (p *process) connect(ctx context.Context, request *wire.StartRequest) error {
	protocol, err := p.client.Client()
	if err != nil {
		return fmt.Errorf("start plugin: %w", p.explain(err))
	}
	raw, err := protocol.Dispense("handler")
	if err != nil {
		return fmt.Errorf("start plugin: %w", err)
	}
	connection := raw.(*grpc.ClientConn) // clientSet makes no other
	p.rpc, p.health = wire.NewHandlerClient(connection), healthpb.NewHealthClient(connection)
	ready, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	info, err := p.rpc.Start(ready, request)
	if err != nil {
		return fmt.Errorf("start plugin: it refuses the work: %s", why(err))
	}
	if !p.launcher.started() {
		return context.Cause(ctx)
	}
	p.info = tidy(info)
	go func() {
		<-p.launcher.program.exited
		p.kill(death{cause: "plugin ended: " + p.launcher.program.status})
	}()
	return nil
}

// why is what a plugin, or the connection to it, says.
func why(err error) string {
	return printable([]byte(status.Convert(err).Message()), 2*maxText)
}

// explain adds how the program ended, where it has: its output may be over a moment
// before it is.
func (p *process) explain(err error) error {
	text := printable([]byte(err.Error()), 2*maxText)
	l := p.launcher
	if l.program == nil {
		return errors.New(text)
	}
	timer := time.NewTimer(exitWait)
	defer timer.Stop()
	select {
	case <-l.program.exited:
		return fmt.Errorf("%s (it ended: %s)", text, l.program.status)
	case <-timer.C:
		return errors.New(text)
	}
}
