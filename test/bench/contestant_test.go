package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// script is a contestant in shell.
func script(text string) launcher {
	return func(ctx context.Context, _ string, _ task.Task) (*exec.Cmd, error) {
		return exec.CommandContext(ctx, "sh", "-c", text), nil
	}
}

const good = `echo '{"event":"polling","at":5}'
while read -r word; do
  case $word in
  mark) echo '{"event":"mark","at":7,"started":[3],"done":2,"waits":[9]}' ;;
  stop) exit 0 ;;
  esac
done`

func TestContestantSpeaks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := start(ctx, script(good), "good", task.Task{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.kill()
	if s, err := c.await(ctx, task.Polling); err != nil || s.At != 5 || s.used.peak == 0 {
		t.Fatalf("polling: %+v, %v", s, err)
	}
	for range 2 {
		if e, err := c.ask(ctx); err != nil || e.Done != 2 || len(e.Waits) != 1 {
			t.Fatalf("mark: %+v, %v", e, err)
		}
	}
	if _, err := c.stop(ctx); err != nil {
		t.Fatal(err)
	}
}

// Whatever a contestant does, its turn ends, with a reason, and nothing of it is left.
func TestContestantsThatFail(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"hangs", `sleep 600 & sleep 600`, "deadline"},
		{"ignores everything", `trap '' TERM INT HUP; while :; do sleep 600; done`, "deadline"},
		{"ends early", `echo sorry >&2; exit 3`, "exit status 3; it said: sorry"},
		{"ends without a word", `exit 0`, "exit status 0"},
		{"speaks nonsense", `echo hello; sleep 600`, `read event "hello"`},
		{"says what isn't known", `echo '{"event":"hello","at":1}'; sleep 600`, "unknown"},
		{"leaves a child behind", `sleep 600 & exit 1`, "exit status 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			if !strings.Contains(c.want, "deadline") {
				ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
			}
			defer cancel()
			p, err := start(ctx, script(c.text), c.name, task.Task{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.kill()
			if _, err := p.await(ctx, task.First); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			p.kill()
			awaitNobody(t, p.cmd.Process.Pid)
		})
	}
}

// awaitNobody waits until nothing of a process group is left: init reaps what has no
// parent any more in its own time.
func awaitNobody(t *testing.T, group int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !errors.Is(syscall.Kill(-group, 0), syscall.ESRCH); <-tick.C {
		if time.Now().After(deadline) {
			pids, err := members(group)
			t.Fatalf("processes %v are left: %v", pids, err)
		}
	}
}
