package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// startTime is how long a plugin has from its start to its handshake.
const startTime = 10 * time.Second

// target is a running plugin. end must be called.
type target struct {
	process *process
	client  *plugin.Client
	conn    *grpc.ClientConn
	handler wire.HandlerClient
	temp    string
}

// start starts a plugin and connects to it. On an error that isn't nil the target is
// there all the same when the process was started, for what can be said about it.
func start(ctx context.Context, path string, args []string) (*target, error) {
	temp, err := os.MkdirTemp("", "boostd-check")
	if err != nil {
		return nil, fmt.Errorf("make folder for sockets: %w", err)
	}
	t := &target{temp: temp, process: newProcess(path, args)}
	t.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: wire.Cookie, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{wire.Version: {wire.Service: dispenser{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		SkipHostEnv:      true,
		StartTimeout:     startTime,
		Logger:           hclog.NewNullLogger(),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: temp},
		GRPCDialOptions:  []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxFrame), grpc.MaxCallSendMsgSize(wire.MaxFrame))},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			t.process.cmd.Env, t.process.dir = slices.Concat(cmd.Env, environment()), dir
			return t.process, nil
		},
	})
	if err := t.begin(ctx); err != nil {
		return t, err
	}
	client, err := t.client.Client()
	if err != nil {
		return t, fmt.Errorf("connect: %w", err)
	}
	dispensed, err := client.Dispense(wire.Service)
	if err != nil {
		return t, fmt.Errorf("connect: %w", err)
	}
	t.conn = dispensed.(*grpc.ClientConn)
	t.handler = wire.NewHandlerClient(t.conn)
	return t, nil
}

// begin starts the process on a thread that lives as long as it does: the kernel ends
// the process with the thread.
func (t *target) begin(ctx context.Context) error {
	over := make(chan struct{})
	defer close(over)
	defer context.AfterFunc(ctx, func() {
		select {
		case <-t.process.started:
			t.process.signal(syscall.SIGKILL) // go-plugin would wait on
		case <-over:
		}
	})()
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_, err := t.client.Start()
		result <- err
		if t.process.begun() {
			<-t.process.exited
		}
	}()
	return <-result
}

// environment is what a plugin of boostd's gets besides the protocol's own.
func environment() []string {
	env := []string{"LANG=C.UTF-8"}
	for _, name := range []string{"PATH", "HOME", "TZ"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// end ends the plugin with all that it has left.
func (t *target) end() {
	if t.process.begun() {
		t.process.signal(syscall.SIGTERM)
		select {
		case <-t.process.exited:
		case <-time.After(killAfter):
		}
		t.process.Kill(context.Background()) //nolint:errcheck // it has no error
	}
	t.client.Kill()
	os.RemoveAll(t.temp)
}

// sockets are the names of what the plugin has made in its folder.
func (t *target) sockets() []string {
	entries, err := os.ReadDir(t.process.dir)
	if err != nil {
		return nil // gone as a whole
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// mayEnd gives a process that is about to end a moment.
func (t *target) mayEnd() {
	if !t.process.begun() {
		return
	}
	select {
	case <-t.process.exited:
	case <-time.After(2 * leftover):
	}
}

// alive says how the process has ended, if it has.
func (t *target) alive() error {
	if !t.process.begun() {
		return errors.New("the process hasn't started")
	}
	select {
	case <-t.process.exited:
		return fmt.Errorf("the process has ended: %v", t.process.cmd.ProcessState)
	default:
		return nil
	}
}

// lines are the last lines of standard error, or none.
func (t *target) lines() string {
	if t == nil {
		return ""
	}
	if t.process.begun() && t.alive() != nil {
		select {
		case <-t.process.drained:
		case <-time.After(2 * leftover):
		}
	}
	return strings.TrimSpace(t.process.complained.String())
}

// handshake looks at the line itself: go-plugin lets more pass than the protocol does.
func (t *target) handshake() error {
	line, _, _ := strings.Cut(t.process.said.String(), "\n")
	parts := strings.Split(strings.TrimSuffix(line, "\r"), "|")
	const form = "the line must be 1|1|unix|/path/of/the/socket|grpc|"
	switch {
	case len(parts) < 5:
		return wrong(form, "the handshake is %.200q", line)
	case parts[1] != fmt.Sprint(wire.Version):
		return wrong(form, "the handshake chooses version %q of the protocol", parts[1])
	case parts[2] != "unix" || parts[4] != "grpc":
		return wrong(form, "the handshake is for %s over %s", parts[4], parts[2])
	case filepath.Dir(parts[3]) != t.process.dir:
		return wrong("make it in the folder that PLUGIN_UNIX_SOCKET_DIR names, so that boostd can remove it after a crash",
			"the socket is %s", parts[3])
	}
	return nil
}

// dispenser gives go-plugin's connection back as it is.
type dispenser struct{ plugin.NetRPCUnsupportedPlugin }

func (dispenser) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return nil }

func (dispenser) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

var _ plugin.GRPCPlugin = dispenser{}
