package sdk

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// process is a plugin in a process of its own.
type process struct {
	*exec.Cmd
	dir    string
	stdout *bufio.Reader
	conn   *grpc.ClientConn

	mu   sync.Mutex
	errs bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.Write(b)
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.String()
}

func command(name string, environment ...string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append([]string{"SDK_TEST_PLUGIN=" + name}, environment...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// begin starts a plugin and reads its handshake.
func begin(t testing.TB, name string) *process {
	t.Helper()
	dir, err := os.MkdirTemp("", "sdk")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{dir: dir, Cmd: command(name, wire.Cookie+"="+wire.CookieValue, "PLUGIN_PROTOCOL_VERSIONS=1,2", "PLUGIN_UNIX_SOCKET_DIR="+dir)}
	p.Stderr = p
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stdout, p.stdout = writer, bufio.NewReader(reader)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	t.Cleanup(func() {
		p.Process.Kill()
		p.Wait()
		reader.Close()
		os.RemoveAll(dir)
	})
	reader.SetReadDeadline(time.Now().Add(20 * time.Second))
	line, err := p.stdout.ReadString('\n')
	parts := strings.Split(line, "|")
	if err != nil || len(parts) != 6 || parts[0] != "1" || parts[1] != "1" || parts[2] != "unix" || parts[4] != "grpc" || parts[5] != "\n" ||
		filepath.Dir(parts[3]) != dir {
		t.Fatalf("handshake %q (%v)", line, err)
	}
	p.conn, err = grpc.NewClient("unix:"+parts[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.conn.Close() })
	return p
}

func (p *process) open(t testing.TB) stream {
	t.Helper()
	return started(t, wire.NewHandlerClient(p.conn))
}

// ends waits for a good end that leaves nothing behind.
func (p *process) ends(t testing.TB) {
	t.Helper()
	if err := p.Wait(); err != nil {
		t.Errorf("ended with %v; it said:\n%s", err, p.stderr())
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 0 {
		t.Errorf("left sockets %v (%v)", left, err)
	}
}

func TestHandshakeAndHealth(t *testing.T) {
	p := begin(t, "noop")
	r, err := grpc_health_v1.NewHealthClient(p.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: wire.Service})
	if err != nil || r.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health %v, %v", r, err)
	}
	reply, err := wire.NewHandlerClient(p.conn).Start(t.Context(), &wire.StartRequest{})
	if err != nil || reply.GetName() != "test" || reply.GetVersion() != "9" || reply.GetSdk() != version {
		t.Errorf("start %v, %v", reply, err)
	}
}

// All that a plugin prints is on standard error, and nothing on standard output.
func TestOutput(t *testing.T) {
	p := begin(t, "print")
	s := p.open(t)
	s.batch(0, 1)
	s.results(1)
	p.Process.Signal(syscall.SIGTERM)
	rest, err := io.ReadAll(p.stdout)
	if len(rest) > 0 || err != nil {
		t.Errorf("standard output has %q (%v)", rest, err)
	}
	p.ends(t)
	if want := "to standard output\nto descriptor 1\nto standard error\n"; p.stderr() != want {
		t.Errorf("standard error has %q, want %q", p.stderr(), want)
	}
}

// At SIGTERM what runs may finish, what waits is ended, and what hangs is left; each
// time within the two seconds that boostd waits.
func TestTerminate(t *testing.T) {
	for name, want := range map[string]string{
		"finish": "done", "wait": "cancelled context canceled", "hang": "", "noop": "done", "closer": "done", "after": "done",
	} {
		t.Run(name, func(t *testing.T) {
			p := begin(t, name)
			s := p.open(t)
			s.batch(0, 1)
			var got string
			if name == "finish" || name == "wait" || name == "hang" {
				eventually(t, "it waits", func() bool { return strings.Contains(p.stderr(), "waits") })
			} else {
				got = s.results(1)[1]
			}
			if err := p.Process.Signal(syscall.SIGINT); err != nil { // for boostd
				t.Fatal(err)
			}
			asked := time.Now()
			if err := p.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if r, err := s.Recv(); err == nil {
				all := map[uint64]string{}
				add(t, all, r)
				got = all[1]
			}
			p.ends(t)
			// It is to take less than two seconds; the rest is for a busy machine.
			if took := time.Since(asked); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if got != want {
				t.Errorf("result %q, want %q", got, want)
			}
			for plugin, says := range map[string]string{
				"hang": "abandoned", "closer": "closed\nclose handler: no connection\n", "after": "main goes on\n",
			} {
				if said := strings.Contains(p.stderr(), says); said != (plugin == name) {
					t.Errorf("it said %q", p.stderr())
				}
			}
		})
	}
}

// boostd may ask for the end by go-plugin's own service, and gets an answer.
func TestShutdown(t *testing.T) {
	p := begin(t, "noop")
	p.open(t)
	if err := p.conn.Invoke(t.Context(), "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		t.Error(err)
	}
	p.ends(t)
}

// A person is told what this is; a boostd of another time, too.
func TestRefusesToServe(t *testing.T) {
	for name, c := range map[string]struct {
		environment []string
		code        int
		says        []string
	}{
		"a person":      {nil, exitUsage, []string{"is a handler of boostd", "boostd handlers check " + os.Args[0]}},
		"a wrong value": {[]string{wire.Cookie + "=x"}, exitUsage, []string{"is a handler of boostd"}},
		"a new boostd":  {[]string{wire.Cookie + "=" + wire.CookieValue, "PLUGIN_PROTOCOL_VERSIONS=11,2"}, exitFailed, []string{`boostd speaks version "11,2"`, "this program 1"}},
		"no folder": {
			[]string{wire.Cookie + "=" + wire.CookieValue, "PLUGIN_UNIX_SOCKET_DIR=/nowhere"}, exitFailed,
			[]string{"make socket", "/nowhere"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			p := command("noop", c.environment...)
			p.Stdout, p.Stderr = &out, &errs
			p.Run()
			if code := p.ProcessState.ExitCode(); code != c.code || out.Len() > 0 {
				t.Errorf("exit code %d, output %q", code, out.String())
			}
			for _, text := range c.says {
				if !strings.Contains(errs.String(), text) {
					t.Errorf("it says\n%s\nand not %q", errs.String(), text)
				}
			}
		})
	}
}

// The versions are compared as wholes.
func TestSpeaks(t *testing.T) {
	for versions, ok := range map[string]bool{"": true, "1": true, "2,1": true, "2": false, "11": false, " 1": false} {
		if err := speaks(versions); (err == nil) != ok {
			t.Errorf("versions %q: %v", versions, err)
		}
	}
}
