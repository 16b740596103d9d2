package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// supervisor plays systemd's part: it listens on a NOTIFY_SOCKET.
type supervisor struct {
	path string
	mu   sync.Mutex
	told []string
	sign time.Time // the last sign of life
}

func supervise(t *testing.T) *supervisor {
	t.Helper()
	dir, err := os.MkdirTemp("", "bd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &supervisor{path: filepath.Join(dir, "notify")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			s.mu.Lock()
			text := string(buffer[:n])
			if text == "WATCHDOG=1" || strings.Contains(text, "READY=1") { // from then on it counts
				s.sign = time.Now()
			}
			if text != "WATCHDOG=1" {
				s.told = append(s.told, text)
			}
			s.mu.Unlock()
		}
	}()
	return s
}

// watchdog is how long a process may give no sign of life; every third of it one is due.
const watchdog = 3 * time.Second

// environ makes a process that is started with it speak here.
func (s *supervisor) environ() []string {
	return []string{"NOTIFY_SOCKET=" + s.path, fmt.Sprintf("WATCHDOG_USEC=%d", watchdog.Microseconds())}
}

func (s *supervisor) says(part string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(strings.Join(s.told, "\n"), part)
}

// silence is how long there was no sign of life.
func (s *supervisor) silence() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.sign)
}

// Under a service manager: ready, status, signs of life, stopping; and a program
// of a handler can't speak in the daemon's place.
func TestServiceManager(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		manager := supervise(t)
		s := rig.New(t, c, rig.Options{Min: 9, Handler: `exec: [sh, -c, 'env >&2; exec cat >/dev/null'], slots: 1`, Extra: "drain: 500ms"})
		p := s.SpawnWith(t, manager.environ())
		rig.Eventually(t, "it is ready", func() bool { return manager.says("READY=1") })
		rig.Eventually(t, "its status is told", func() bool { return manager.says("STATUS=ready: 0 waiting in the brokers") })
		s.Load(t).Fill(10, 1, 100)
		rig.Eventually(t, "the program shows its environment", func() bool { return p.Says("PATH=") })
		if p.Says("NOTIFY_SOCKET") || p.Says("WATCHDOG_USEC") {
			t.Error("a handler's program could speak to the service manager")
		}
		rig.Quiet(t, 2*watchdog, func() bool { return manager.silence() < watchdog })
		p.Terminate()
		if !manager.says("STOPPING=1") {
			t.Error("it didn't say that it stops")
		}
	})
}

// Settings that aren't good and brokers that can't be reached don't keep a
// service from being up: what it waits for is told.
func TestServiceWaits(t *testing.T) {
	t.Parallel()
	manager := supervise(t)
	s := rig.Plan(t, []string{freeAddress(t)}, rig.Options{Min: 9})
	s.WriteFile(t, "settings.json", "{")
	p := s.SpawnWith(t, manager.environ(), "--wait")
	rig.Eventually(t, "it is up without settings", func() bool {
		return manager.says("READY=1") && manager.says("STATUS=starting: waiting for good settings")
	})
	s.WriteSettings(t)
	rig.Eventually(t, "it tells of the broker", func() bool { return manager.says("refuses connections") })
	if status := s.Status(t); status.Ready || rig.Alarm(status, "connection") == "" {
		t.Errorf("status is %+v", status)
	}
	rig.Quiet(t, 2*watchdog, func() bool { return manager.silence() < watchdog })
	exits(t, p, p.Terminate(), 0)
}

// outage is a little more than a loop may stand still: 15 s.
const outage = 17 * time.Second

// A broker that is away for longer than the watchdog waits is no reason for a
// restart; a poll loop that hangs is.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	block := filepath.Join(t.TempDir(), "block")
	manager := supervise(t)
	broker := rig.Spawn(t, "broker", "--listen", freeAddress(t))
	s := rig.Plan(t, []string{broker.Argument("--listen")}, rig.Options{Min: 9})
	p := s.SpawnFaulty(t, append(manager.environ(), "BOOSTD_TEST_BLOCK_POLL="+block), "--wait")
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	broker.Signal(syscall.SIGSTOP) // killed, it would forget its topics
	rig.EventuallyIn(t, 10*time.Second, "the alarm", func() bool { return rig.Alarm(s.Status(t), "connection") != "" })
	rig.Quiet(t, outage, func() bool { return manager.silence() < watchdog })
	broker.Signal(syscall.SIGCONT)
	rig.Eventually(t, "it is ready again", func() bool { return rig.Ready(t, s) })
	if err := os.WriteFile(block, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, "no more signs of life", func() bool { return manager.silence() > 2*watchdog })
	says(t, p, "no sign of life for the watchdog", "the poll loop of consumer")
	if text := rig.Alarm(s.Status(t), "turning"); !strings.Contains(text, "the poll loop of consumer") {
		t.Errorf("the alarm says %q", text)
	}
	p.Kill()
	exits(t, broker, broker.Terminate(), 0)
}
