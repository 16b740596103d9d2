package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/logs"
)

// played is a daemon with levels 0 to 3.
type played struct{ console.Daemon }

func (played) Status(context.Context) (*console.Status, error) {
	return &console.Status{Version: "1.2.3", Phase: "running", Ready: true, Levels: []console.Level{{Level: 3, State: "RUN"}, {Level: 0, State: "HOLD"}}}, nil
}

func (played) PauseLevel(_ context.Context, r console.PauseRequest) (console.Pause, error) {
	p := console.Pause{Level: r.Level, By: r.By, Why: r.Why}
	if r.For > 0 {
		until := time.Unix(0, 0).Add(r.For)
		p.Until = &until
	}
	return p, there(r.Level)
}

func (played) ResumeLevel(_ context.Context, level int, _ string) error { return there(level) }

func there(level int) error {
	if level > 3 {
		return fmt.Errorf("level %d: %w: there are levels 0 to 3", level, console.ErrNotFound)
	}
	return nil
}

func (played) Reload(context.Context) (console.Reloaded, error) {
	return console.Reloaded{}, errors.New("settings.json:1:2: bad")
}

// playedSocket serves it until the test ends.
func playedSocket(t *testing.T) string {
	t.Helper()
	_, levels, err := logs.New(logs.Options{Output: os.Stderr, Level: "info"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.sock")
	s, err := console.Start(console.Options{Socket: path, Daemon: played{}, LogLevels: levels, Logger: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return path
}

func TestCommandsOverTheSocket(t *testing.T) {
	socket := playedSocket(t)
	for _, c := range []struct {
		args string
		code int
		out  string // in what it prints
		says string // in its error
	}{
		{"status", 0, "boostd 1.2.3", ""},
		{"status --json", 0, `"version": "1.2.3"`, ""},
		{"status more", 64, "", "takes no argument"},
		{"status --watch --json --interval 1ms", 64, "", "--interval"},
		{"levels", 0, "HOLD", ""},
		{"levels --json", 0, `{"level":0,`, ""},
		{"levels paus 1", 64, "", `did you mean "pause"`},
		{"levels pause 1 2 --for 1h --why because", 0, "level 1 is paused until ", ""},
		{"levels pause 1 --json", 0, `{"level":1,`, ""},
		{"levels pause", 64, "", "at least one level"},
		{"levels pause high", 64, "", `level "high": want a whole number`},
		{"levels pause 1 --for -1h", 64, "", "more than 0"},
		{"levels pause 9 1", 1, "level 1 is paused", "there are levels 0 to 3"},
		{"levels resume 9", 1, "", "there are levels 0 to 3"},
		{"levels resume 1", 0, "level 1 runs again", ""},
		{"log-level", 0, "info", ""},
		{"log-level kafka=debug", 0, "kafka", ""},
		{"log-level kafka=loud", 64, "", "want trace"},
		{"log-level kofka=debug", 1, "", "kofka"},
		{"log-level --json", 0, `"kafka": "debug"`, ""},
		{"settings reload", 1, "", "settings.json:1:2: bad"},
	} {
		out, err := execute(t, append(strings.Fields(c.args), "--control", socket)...)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if codeOf(err) != c.code || !strings.Contains(out, c.out) || !strings.Contains(said, c.says) || (c.says == "") != (err == nil) {
			t.Errorf("boostd %s: code %d, error %q, printed %s", c.args, codeOf(err), said, out)
		}
	}
}

// TestCommandsWithoutADaemon exit 69 and say where they have looked.
func TestCommandsWithoutADaemon(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "b.sock")
	for _, args := range []string{"status", "status --json", "levels", "levels pause 1", "levels resume 1", "log-level", "log-level debug", "settings reload"} {
		_, err := execute(t, append(strings.Fields(args), "--control", socket)...)
		if codeOf(err) != exitUnreachable || !strings.Contains(err.Error(), socket) {
			t.Errorf("boostd %s: code %d, %v", args, codeOf(err), err)
		}
	}
}

// TestStatusIsReadBack: what --json prints is the document that it stands for.
func TestStatusIsReadBack(t *testing.T) {
	out, err := execute(t, "status", "--json", "--control", playedSocket(t))
	if err != nil {
		t.Fatal(err)
	}
	var s console.Status
	if err := json.Unmarshal([]byte(out), &s); err != nil || len(s.Levels) != 2 || s.Levels[0].Backlog.Broker != nil {
		t.Errorf("%v in %s", err, out)
	}
}

func TestSocketIsFound(t *testing.T) {
	folder := t.TempDir()
	own, system, absent := filepath.Join(folder, "own"), filepath.Join(folder, "system"), filepath.Join(folder, "absent")
	for _, path := range []string{own, system} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ own, system, want string }{{own, system, own}, {absent, system, system}, {absent, absent + "2", absent}} {
		if got := usualSocket(c.own, c.system); got != c.want {
			t.Errorf("own %s, system %s: %s", c.own, c.system, got)
		}
	}
	off := filepath.Join(folder, "boostd.yaml")
	text := "control: off\nkafka: {brokers: ['localhost:1'], group: g}\nsettings: {source: 'file:settings.json'}\nhandlers: {h: {noop: {}}}\ntopics: {t: {handler: h}}\n"
	if err := os.WriteFile(off, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"--set changes what -c names": {"status", "--set", "control=x"},
		"control is off":              {"status", "-c", off},
	} {
		if _, err := execute(t, args...); codeOf(err) != exitUsage || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: code %d, %v", args, codeOf(err), err)
		}
	}
}
