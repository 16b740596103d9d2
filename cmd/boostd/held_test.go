package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/console"
)

var heldSince = time.Date(2026, 11, 25, 12, 0, 0, 0, time.Local)

func (p *puppet) Held(context.Context) ([]console.Held, error) {
	return []console.Held{
		{Topic: "orders", Partition: 0, Offset: 7, Level: 0, Handler: "h", Attempts: 5, Reason: "answered 503\nService Unavailable", At: heldSince},
		{Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Handler: "h", Attempts: 1, Reason: "no such customer", At: heldSince},
		{Topic: "orders_7", Partition: 3, Offset: 1043, Level: 7, Handler: "h", Attempts: 5, Reason: "answered 503", At: heldSince},
	}, nil
}

func (p *puppet) resolve(what string, o console.HeldOrder) error {
	if o.Offset == 99 {
		return fmt.Errorf("%v is not held by this instance: %w", o.Coordinates, console.ErrNotFound)
	}
	p.note("%s %v", what, o.Coordinates)
	return nil
}

func (p *puppet) RetryHeld(_ context.Context, o console.HeldOrder) error {
	return p.resolve("retry", o)
}

func (p *puppet) SkipHeld(_ context.Context, o console.HeldOrder) error { return p.resolve("skip", o) }

func TestHeldCommands(t *testing.T) {
	p := &puppet{}
	socket, _ := answering(t, p)
	for _, c := range []struct {
		line string
		code int
		want string // in what is printed, or in the error
		told string
	}{
		{"held list", exitDone, "orders_7/3@1042  7      h        1         2026-11-25 12:00:00  no such customer\n", ""},
		{"held list", exitDone, "answered 503 Service Unavailable\n", ""},
		{"held list --level 3", exitDone, "no message is held\n", ""},
		{"held list --level 0 --json", exitDone, `{"topic":"orders","partition":0,"offset":7,"level":0,"handler":"h","attempts":5,"reason":"answered 503\nService`, ""},
		{"held list x", exitUsage, "takes no argument", ""},
		{"held retry", exitUsage, "name at least one message", ""},
		{"held retry orders/3", exitUsage, "want TOPIC/PARTITION@OFFSET", ""},
		{"held retry --topic orders", exitUsage, "go with --all", ""},
		{"held retry --all orders/0@7", exitUsage, "exclude each other", ""},
		{"held retry orders_7/3@1042 orders/0@7", exitDone, "orders_7/3@1042 is handled anew\norders/0@7 is handled anew\n", "retry orders_7/3@1042; retry orders/0@7"},
		{"held retry orders/0@99 orders/0@7", exitFailed, "orders/0@99 is not held by this instance", "retry orders/0@7"},
		{"held retry orders/0@99 orders/0@7", exitFailed, "1 of 2 messages could not be resolved", "retry orders/0@7"},
		{"held retry orders/0@99 --json", exitFailed, `{"topic":"orders","partition":0,"offset":99,"error":"orders/0@99 is not held`, ""},
		{"held retry --all", exitDone, "handled anew", "retry orders/0@7; retry orders_7/3@1042; retry orders_7/3@1043"},
		{"held retry --all --topic orders_7 --reason 503", exitDone, "handled anew", "retry orders_7/3@1043"},
		{"held retry --all --reason answered*", exitDone, "handled anew", "retry orders/0@7; retry orders_7/3@1043"},
		{"held retry --all --level 3", exitDone, "no message is held that is meant", ""},
		{"held skip orders/0@7", exitUsage, "--yes does it without a question", ""},
		{"held skip --all --level 3", exitDone, "no message is held that is meant", ""},
		{"held skip orders/0@7 --yes", exitDone, "orders/0@7 is skipped\n", "skip orders/0@7"},
		{"held skip --all --level 7 --yes --json", exitDone, `{"topic":"orders_7","partition":3,"offset":1043}`, "skip orders_7/3@1042; skip orders_7/3@1043"},
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
}

func TestUnknownHeldCommand(t *testing.T) {
	if _, code, err := invoke("held", "lits"); code != exitUsage || !strings.Contains(fmt.Sprint(err), `did you mean "list"?`) {
		t.Errorf("exits %d: %v", code, err)
	}
}

func TestHeldWithoutADaemon(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "b.sock")
	for _, line := range []string{"held list", "held retry orders/0@1", "held retry --all", "held skip orders/0@1 --yes"} {
		if _, code, err := invoke(append(strings.Fields(line), "--control", socket)...); code != exitUnreachable {
			t.Errorf("boostd %s exits %d: %v", line, code, err)
		}
	}
}
