package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// await waits until an alarm of a kind stands whose text has all of the parts.
func await(t *testing.T, s *rig.Setup, kind string, parts ...string) {
	t.Helper()
	// What it says can change while it stands: more messages, another broker.
	rig.Eventually(t, fmt.Sprintf("the alarm %s with %q", kind, parts), func() bool {
		text := rig.Alarm(s.Status(t), kind)
		return text != "" && !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
	})
}

// over waits until no alarm of a kind stands.
func over(t *testing.T, s *rig.Setup, kind string) {
	t.Helper()
	rig.Eventually(t, "the end of the alarm "+kind, func() bool { return rig.Alarm(s.Status(t), kind) == "" })
}

// once checks that an alarm was logged once when it began and, if it has ended,
// once when it did.
func once(t *testing.T, p *rig.Process, kind string) {
	t.Helper()
	for _, message := range []string{"alarm", "alarm is over"} {
		logged := func() (n int) {
			for line := range strings.Lines(p.Output()) {
				if strings.Contains(line, `"@message":"`+message+`"`) && strings.Contains(line, `"kind":"`+kind+`"`) {
					n++
				}
			}
			return n
		}
		rig.Eventually(t, "the log has it", func() bool { return logged() > 0 }) // a little after the status
		if n := logged(); n != 1 {
			t.Errorf("%q of kind %s was logged %d times", message, kind, n)
		}
	}
}

// A message that was given up is an alarm, and in status by its place.
func TestAlarmsOfHandlers(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Handler: `exec: [sh, -c, 'while read -r line; do echo "{\"id\": $(expr "$line" : ".*\"id\":\([0-9]*\)"), \"result\": \"dead\", \"error\": \"no\"}"; done'], slots: 1`})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		s.Load(t).Fill(10, 2, 100)
		await(t, s, "held", "2 messages of consumer 10 were given up")
		status := s.Status(t)
		if status.HeldCount != 2 || len(status.Held) != 2 || status.Held[0].Level != 10 || status.Held[0].Reason != "no" || !status.Ready {
			t.Errorf("status is %+v", status)
		}
		human, code := s.Command(t, "status")
		exits(t, human, code, 0)
		says(t, human, "ALARM", "held", s.Topic(10))
		exits(t, p, p.Terminate(), 0)
	})
}

// A broker that is away is an alarm within 5 s, and makes the daemon unready; both
// end when it is back.
func TestAlarmOfABroker(t *testing.T) {
	t.Parallel()
	broker := rig.Spawn(t, "broker", "--listen", freeAddress(t))
	s := rig.Plan(t, []string{broker.Argument("--listen")}, rig.Options{Min: 9, Extra: "console: {listen: 127.0.0.1:0}"})
	p := s.Spawn(t, "--wait")
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	address := consoleAddress(t, p)
	if code, text := get(t, address, "/readyz"); code != http.StatusOK || text != "ok\n" {
		t.Errorf("/readyz says %d %q", code, text)
	}
	broker.Kill()
	began := time.Now()
	await(t, s, "connection", broker.Argument("--listen"), "refuses connections")
	t.Logf("the alarm stood after %v", time.Since(began))
	if code, text := get(t, address, "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "refuses connections") {
		t.Errorf("/readyz says %d %q", code, text)
	}
	if code, text := get(t, address, "/healthz"); code != http.StatusOK {
		t.Errorf("/healthz says %d %q: a broker that is away is no reason for a restart", code, text)
	}
	rig.Spawn(t, "broker", "--listen", broker.Argument("--listen"))
	over(t, s, "connection")
	exits(t, p, p.Terminate(), 0)
	once(t, p, "connection")
}

// consoleAddress is where a daemon says that its console listens.
func consoleAddress(t *testing.T, p *rig.Process) string {
	t.Helper()
	var address string
	rig.Eventually(t, "it says where its console listens", func() (ok bool) {
		address, ok = p.Console()
		return ok
	})
	return address
}

// A disk without room, under state and audit: handling goes on, both are alarms,
// and what was asked for holds; with room again both end.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no right to mount a small disk: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	var handled atomic.Int64
	svc := serve(t, func(http.ResponseWriter, *http.Request, request) { handled.Add(1) })
	s := rig.New(t, clusters[0], rig.Options{Min: 9, Handler: `http: "` + svc.URL + `"`, AuditFile: filepath.Join(disk, "audit.jsonl")})
	p := s.Spawn(t, "--set", "state_dir="+filepath.Join(disk, "state"))
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	s.Load(t).Fill(0, 1000, 100)
	rig.Eventually(t, "all is handled", func() bool { return handled.Load() == 1000 })
	await(t, s, "audit", "attempts are missing")
	order, code := s.Command(t, "levels", "pause", "9", "--for", "1h", "--why", "a full disk")
	exits(t, order, code, 0)
	await(t, s, "state", "will not survive a restart")
	if l := levelOf(t, s.Status(t), 9); l.Paused == nil || l.State != "PAUSED" {
		t.Errorf("the level is %+v", l)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=4m", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	over(t, s, "state")
	s.Load(t).Fill(0, 1, 100)
	over(t, s, "audit")
	exits(t, p, p.Terminate(), 0)
	once(t, p, "state")
	once(t, p, "audit")
}

func get(t *testing.T, address, path string) (code int, body string) {
	t.Helper()
	r, err := http.Get(address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text := make([]byte, 4096)
	n, _ := r.Body.Read(text)
	return r.StatusCode, string(text[:n])
}
