package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/console"
)

func (p *puppet) Handlers(context.Context) (console.HandlerList, error) {
	since := time.Now().Add(-90 * time.Second)
	return console.HandlerList{PluginDir: "/usr/lib/boostd/plugins", Unused: []string{"old", "a\x1b[2Jb"}, Handlers: []console.Handler{
		{Name: "mail", Kind: "plugin", Slots: 8, Busy: 3, Retried: 7, Dead: 2, Rate: new(12.34), P50US: new(int64(3125)), P99US: new(int64(48_400)),
			Plugin: &console.Plugin{State: "running", PID: new(4711), Name: "mailer", Version: "2.1", SDK: "go 1.0", Since: &since, Crashes: 1, Replaced: 5, Error: "not replaced:\nexit status 1"}},
		{Name: "new", Kind: "plugin", Slots: 1, P99US: new(int64(61_250_000)), Plugin: &console.Plugin{State: "failing", Error: "no database"}},
		{Name: "quiet", Kind: "noop", Slots: 16},
	}}, nil
}

func (p *puppet) ReplacePlugin(_ context.Context, o console.ReplaceOrder) (console.Plugin, error) {
	p.note("replace %s", o.Handler)
	switch o.Handler {
	case "mail":
		return console.Plugin{State: "running", PID: new(4712), Name: "mailer", Version: "2.2"}, nil
	case "new":
		return console.Plugin{}, errors.New("replace plugin: start plugin: it refuses the work: no database")
	}
	return console.Plugin{}, fmt.Errorf("there is no handler %q: %w", o.Handler, console.ErrNotFound)
}

func TestHandlersCommands(t *testing.T) {
	p := &puppet{}
	socket, _ := answering(t, p)
	for _, c := range []struct {
		line string
		code int
		want string // in what is printed, or in the error
		told string
	}{
		{"handlers list", exitDone, "mail     plugin  3 of 8   12.3    3.13ms  48ms    7        2     mailer 2.1  go 1.0  running  4711  1m30s  1        5\n", ""},
		{"handlers list", exitDone, "new      plugin  0 of 1   –       –       1m1.3s  0        0     –           –       failing  –     –      0        0\n", ""},
		{"handlers list", exitDone, "quiet    noop    0 of 16  –       –       –       0        0     –           –       –        –     –      –        –\n", ""},
		{"handlers list", exitDone, "\nmail: not replaced: exit status 1\nnew: no database\nno handler uses /usr/lib/boostd/plugins/old\nno handler uses /usr/lib/boostd/plugins/a [2Jb\n", ""},
		{"handlers list --json", exitDone, `"state": "failing",`, ""},
		{"handlers list --json", exitDone, `"p99_us": 48400,`, ""},
		{"handlers list --json", exitDone, `"plugin_dir": "/usr/lib/boostd/plugins",`, ""},
		{"handlers list x", exitUsage, "takes no argument", ""},
		{"handlers replace", exitUsage, "name one handler", ""},
		{"handlers replace a b", exitUsage, "name one handler", ""},
		{"handlers replace mail", exitDone, "another process serves handler mail: mailer 2.2, process 4712\n", "replace mail"},
		{"handlers replace mail --json", exitDone, `"pid": 4712,`, "replace mail"},
		{"handlers replace new", exitFailed, "it refuses the work: no database", "replace new"},
		{"handlers replace none", exitFailed, `there is no handler "none"`, "replace none"},
	} {
		p.told = nil
		out, code, err := invoke(append(strings.Fields(c.line), "--control", socket)...)
		if got := fmt.Sprint(out, err); code != c.code || !strings.Contains(got, c.want) {
			t.Errorf("boostd %s exits %d, want %d and %q:\n%s", c.line, code, c.code, c.want, got)
		}
		if told := strings.Join(p.told, "; "); told != c.told {
			t.Errorf("boostd %s: the daemon was told %q, want %q", c.line, told, c.told)
		}
	}
	for _, line := range []string{"handlers list", "handlers replace mail"} {
		if _, code, err := invoke(append(strings.Fields(line), "--control", socket+"x")...); code != exitUnreachable {
			t.Errorf("boostd %s without a daemon exits %d, want %d: %v", line, code, exitUnreachable, err)
		}
	}
}

func TestUnknownHandlersCommand(t *testing.T) {
	if _, code, err := invoke("handlers", "lst"); code != exitUsage || !strings.Contains(fmt.Sprint(err), `did you mean "list"?`) {
		t.Errorf("exit code %d, %v", code, err)
	}
}
