package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/logs"
)

// puppet is a daemon with the levels 0 to 9 that notes what it is told.
type puppet struct {
	mu   sync.Mutex
	told []string
	err  error // of a reload
}

var _ console.Daemon = (*puppet)(nil)

func (p *puppet) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, fmt.Sprintf(format, args...))
}

func (p *puppet) Status(context.Context) (*console.Status, error) {
	waits := int64(12345)
	return &console.Status{Version: "1.2.3", Instance: "alpha/1", Phase: "running", Ready: true,
		Levels: []console.Level{{Level: 7, State: "RUN", Backlog: console.Backlog{Broker: &waits}}, {Level: 0, State: "HOLD"}},
		Alarms: []console.Alarm{{Kind: "stuck", Text: "a handler hangs", Since: time.Now()}}}, nil
}
func (p *puppet) Live() error  { return nil }
func (p *puppet) Ready() error { return nil }

func (p *puppet) PauseLevel(_ context.Context, r console.PauseRequest) (console.Pause, error) {
	if r.Level > 9 {
		return console.Pause{}, fmt.Errorf("level %d: %w: there are levels 0 to 9", r.Level, console.ErrNotFound)
	}
	p.note("pause %d %v %s", r.Level, r.For, r.Why)
	done := console.Pause{Level: r.Level, Why: r.Why}
	if r.For > 0 {
		until := time.Date(2026, 11, 25, 12, 0, 0, 0, time.Local)
		done.Until = &until
	}
	return done, nil
}

func (p *puppet) ResumeLevel(_ context.Context, level int, _ string) error {
	if level > 9 {
		return fmt.Errorf("level %d: %w: it isn't paused", level, console.ErrNotFound)
	}
	p.note("resume %d", level)
	return nil
}

func (p *puppet) Reload(context.Context) (console.Reloaded, error) {
	return console.Reloaded{Changed: true, Hash: "c0ffee", Text: "priorities have changed"}, p.err
}

// answering serves a puppet on a socket until the test ends.
func answering(t *testing.T, p *puppet) (socket string, levels *logs.Levels) {
	t.Helper()
	_, levels, err := logs.New(logs.Options{Output: os.Stderr, Level: "info"})
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(t.TempDir(), "b.sock")
	s, err := console.Start(console.Options{Socket: socket, Daemon: p, Held: p, Handlers: p, LogLevels: levels, Logger: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return socket, levels
}

// invoke runs a command line as main does.
func invoke(args ...string) (out string, code int, err error) {
	root := newRoot()
	var b bytes.Buffer
	root.SetOut(&b)
	root.SetErr(&b)
	root.SetArgs(args)
	err = root.Execute()
	return b.String(), codeOf(err), err
}

func TestOperatorsCommands(t *testing.T) {
	socket, _ := answering(t, &puppet{})
	for _, c := range []struct {
		line string
		code int
		want string // in what is printed, or in the error
	}{
		{"status", exitDone, "ALARM"},
		{"status", exitDone, "12,345"},
		{"status --json", exitDone, `"in_flight": 0`},
		{"status --watch --json", exitUsage, "without --json"},
		{"status --watch --interval 1ms", exitUsage, "at least 100ms"},
		{"status --interval 2s", exitUsage, "--interval goes with --watch"},
		{"status x", exitUsage, "takes no argument"},
		{"levels", exitDone, "drains in"},
		{"levels --json", exitDone, `{"level":7,"backlog":{"broker":12345,"queued":0}`},
		{"levels puase 1", exitUsage, `did you mean "pause"?`},
		{"levels pause", exitUsage, "at least one level"},
		{"levels pause seven", exitUsage, `"seven": want a whole number`},
		{"levels pause 7 --for -1s", exitUsage, "want more than 0"},
		{"levels pause 7", exitDone, "level 7 is paused\n"},
		{"levels pause 7 --for 5m", exitDone, "level 7 is paused until 2026-11-25T12:00:00"},
		{"levels pause 7 --json", exitDone, `{"level":7,`},
		{"levels pause 99 7", exitFailed, "there are levels 0 to 9"},
		{"levels resume 7", exitDone, "level 7 runs again"},
		{"levels resume 99", exitFailed, "isn't paused"},
		{"log-level", exitDone, "(all others)  info"},
		{"log-level kafka=debug", exitDone, "kafka         debug"},
		{"log-level --json", exitDone, `"kafka": "debug"`},
		{"log-level kofka=debug", exitFailed, `did you mean "kafka"?`},
		{"log-level kafka=loud", exitUsage, "want trace, debug"},
		{"log-level =info", exitUsage, "want ROOM=LEVEL"},
		{"settings reload", exitDone, "priorities have changed\n"},
		{"settings reload --json", exitDone, `"hash": "c0ffee"`},
	} {
		words := strings.Fields(c.line)
		out, code, err := invoke(append(words, "--control", socket)...)
		if got := fmt.Sprint(out, err); code != c.code || !strings.Contains(got, c.want) {
			t.Errorf("boostd %s exits %d, want %d and %q:\n%s", c.line, code, c.code, c.want, got)
		}
	}
	if _, code, err := invoke("settings", "relaod"); code != exitUsage || !strings.Contains(fmt.Sprint(err), `did you mean "reload"?`) {
		t.Errorf("a misspelt subcommand exits %d: %v", code, err)
	}
}

func TestEveryLevelIsTried(t *testing.T) {
	p := &puppet{}
	socket, _ := answering(t, p)
	_, _, err := invoke("levels", "pause", "99", "3", "4", "--for", "30m", "--why", "the warehouse is down", "--control", socket)
	if err == nil {
		t.Error("level 99 was paused")
	}
	invoke("levels", "resume", "99", "3", "--control", socket)
	want := "pause 3 30m0s the warehouse is down; pause 4 30m0s the warehouse is down; resume 3"
	if got := strings.Join(p.told, "; "); got != want {
		t.Errorf("the daemon was told %q, want %q", got, want)
	}
}

// TestLogLevelsAllOrNone: a mistake in one argument leaves the others without
// effect.
func TestLogLevelsAllOrNone(t *testing.T) {
	socket, levels := answering(t, &puppet{})
	if _, code, _ := invoke("log-level", "kafka=debug", "worker=lound", "--control", socket); code != exitUsage {
		t.Errorf("exits %d", code)
	}
	if got := fmt.Sprint(levels.Levels()); got != "map[:info]" {
		t.Errorf("levels are %s", got)
	}
}

func TestRefusedReload(t *testing.T) {
	socket, _ := answering(t, &puppet{err: errors.New("settings.json:3:5: max_priority: want 0 to 4095")})
	for _, format := range []string{"--json=true", "--json=false"} {
		out, code, err := invoke("settings", "reload", format, "--control", socket)
		if code != exitFailed || out != "" || err.Error() != "settings.json:3:5: max_priority: want 0 to 4095" {
			t.Errorf("exits %d, prints %q, says %v", code, out, err)
		}
	}
}

func TestNoDaemon(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{"status", "status --json", "levels", "levels pause 1 2", "levels resume 1", "log-level", "log-level info", "settings reload"} {
		_, code, err := invoke(append(strings.Fields(line), "--control", filepath.Join(dir, "b.sock"))...)
		if code != exitUnreachable || !strings.Contains(err.Error(), "no boostd runs here") || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("boostd %s exits %d: %v", line, code, err)
		}
	}
}

// TestConfigurationNamesTheSocket: -c leads to the daemon that runs with it.
func TestConfigurationNamesTheSocket(t *testing.T) {
	socket, _ := answering(t, &puppet{})
	for control, want := range map[string]int{socket: exitDone, "off": exitUsage} {
		file := filepath.Join(t.TempDir(), "boostd.yaml")
		text := "control: '" + control + "'\nkafka: {brokers: ['localhost:9092'], group: g}\nsettings: {source: 'file:s.json'}\n" +
			"topics: {orders: {handler: h}}\nhandlers: {h: {log: {}}}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, code, err := invoke("status", "-c", file); code != want {
			t.Errorf("control: %s: exits %d: %v\n%s", control, code, err, out)
		}
	}
}

func TestUnknownSubcommand(t *testing.T) {
	if _, code, err := invoke("settings", "relaod"); code != exitUsage || !strings.Contains(err.Error(), `did you mean "reload"?`) {
		t.Errorf("exits %d: %v", code, err)
	}
}

// TestStatusIsPassedOn: what another version says reaches whoever reads JSON.
func TestStatusIsPassedOn(t *testing.T) {
	socket, _ := answering(t, &puppet{})
	out, _, err := invoke("status", "--json", "--control", socket)
	var s map[string]any
	if err != nil || json.Unmarshal([]byte(out), &s) != nil || s["summary"] != nil || s["version"] != "1.2.3" {
		t.Errorf("%v\n%s", err, out)
	}
}
