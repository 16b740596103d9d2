package launch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
	"github.com/kafkaboost/boostd/test/rig"
)

// prepared are the contestants' programs, built once; building shares nothing, so that a
// test waits for its own alone.
var prepared = map[string]func() error{
	"parallel":   sync.OnceValue(func() error { return limited(background, buildJava) }),
	"kafkaboost": sync.OnceValue(func() error { return limited(background, preparePython) }),
	"":           sync.OnceValue(func() error { return limited(background, buildGo) }),
}

// prepare builds a contestant. Where the machine lacks something the test is NOT RUN.
func prepare(t *testing.T, name string) {
	t.Helper()
	if m := Missing(name); m != "" {
		t.Skip("NOT RUN: " + m)
	}
	build := prepared[name]
	if build == nil {
		build = prepared[""]
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
}

// running is a contestant; its events are the test's own once await has returned.
type running struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan task.Event // closed at the end of its output
	events []task.Event
	errors bytes.Buffer
}

// start starts a contestant. It is killed at the test's end if it still runs.
func start(t *testing.T, name string, o task.Task, environ ...string) *running {
	t.Helper()
	cmd, err := Command(t.Context(), name, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, cmd: cmd, lines: make(chan task.Event)}
	cmd.Env = append(os.Environ(), environ...)
	cmd.Stderr = &r.errors
	if r.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reader sync.WaitGroup
	reader.Go(func() { r.read(out) })
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		for range r.lines { //nolint:revive // to its end
		}
		reader.Wait()
		if cmd.ProcessState == nil {
			_ = cmd.Wait()
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s", name, r.errors.String())
		}
	})
	return r
}

func (r *running) read(out io.Reader) {
	defer close(r.lines)
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var e task.Event
		d := json.NewDecoder(strings.NewReader(scanner.Text()))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			r.t.Errorf("%v in the line %.200q", err, scanner.Text())
		}
		r.lines <- e
	}
	if err := scanner.Err(); err != nil {
		r.t.Error(err)
	}
}

func (r *running) command(name string) {
	r.t.Helper()
	if _, err := fmt.Fprintln(r.in, name); err != nil {
		r.t.Fatal(err)
	}
}

// await waits for an event.
func (r *running) await(event string) {
	r.t.Helper()
	r.until(event, func() bool { return slices.ContainsFunc(r.events, is(event)) })
}

// awaitMarks waits for so many marks.
func (r *running) awaitMarks(n int) {
	r.t.Helper()
	r.until(fmt.Sprint(n, " marks"), func() bool {
		count := 0
		for _, e := range r.events {
			if e.Event == task.Mark {
				count++
			}
		}
		return count >= n
	})
}

func is(event string) func(task.Event) bool {
	return func(e task.Event) bool { return e.Event == event }
}

func (r *running) until(what string, condition func() bool) {
	r.t.Helper()
	timer := time.NewTimer(2 * rig.Patience)
	defer timer.Stop()
	for !condition() {
		select {
		case e, ok := <-r.lines:
			if !ok {
				r.t.Fatalf("it ended while the test waited for %s", what)
			}
			r.events = append(r.events, e)
		case <-timer.C:
			r.t.Fatalf("waited for %s", what)
		}
	}
}

// stop ends a contestant, by a command or by the end of the commands, and wants it to
// exit with code 0.
func (r *running) stop(command string) {
	r.t.Helper()
	if command == "" {
		_ = r.in.Close()
	} else {
		r.command(command)
	}
	timer := time.AfterFunc(rig.Patience, func() { _ = r.cmd.Process.Kill() })
	defer timer.Stop()
	for e := range r.lines {
		r.events = append(r.events, e)
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("after its stop: %v", err)
	}
}
