package plugins

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func execHandler(t testing.TB, slots int, logger hclog.Logger, args ...string) *Handler {
	t.Helper()
	return newHandler(t, Config{Exec: append([]string{self(t)}, args...), Slots: slots}, logger)
}

func TestExecTellsTheMessage(t *testing.T) {
	h := execHandler(t, 1, nil, "exec-mirror")
	for _, c := range []struct {
		name    string
		message boostd.Message
		want    string
	}{
		{"text", boostd.Message{
			Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Attempt: 2, Key: []byte("k"), Value: []byte("a\nb"),
			ProducedAt: time.Unix(0, 0), Headers: []boostd.Header{{Key: "h", Value: []byte("v")}},
		}, "attempt=2 headers=[map[key:h value:v]] key=k level=7 offset=1042 partition=3 timestamp=1970-01-01T00:00:00Z topic=orders_7 value=a b"},
		{"tombstone", boostd.Message{Topic: "t"}, "attempt=0 headers=[] key=<nil> level=0 offset=0 partition=0 timestamp=<nil> topic=t value=<nil>"},
		{"binary key", boostd.Message{Topic: "t", Key: []byte{0, 0xff}, Value: []byte{}},
			"attempt=0 headers=[] key_b64=AP8= level=0 offset=0 partition=0 timestamp=<nil> topic=t value="},
		{"1 MiB", boostd.Message{Topic: "t", Value: bytes.Repeat([]byte("x"), 1<<20)},
			"attempt=0 headers=[] key=<nil> level=0 offset=0 partition=0 timestamp=<nil> topic=t value=" + digest(strings.Repeat("x", 1<<20))},
		{"1 MiB binary", boostd.Message{Topic: "t", Value: bytes.Repeat([]byte{0xff}, 1<<20)},
			"attempt=0 headers=[] key=<nil> level=0 offset=0 partition=0 timestamp=<nil> topic=t value_b64=" + digest(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 1<<20)))},
	} {
		r := attempt(t, t.Context(), h, c.message)
		if r.Outcome != boostd.Dead || !strings.HasPrefix(r.Reason, c.want) {
			t.Errorf("%s: result %+v,\nwant dead, %s", c.name, r, c.want)
		}
	}
}

func TestExecAnswers(t *testing.T) {
	for _, c := range []struct {
		name, say string
		outcome   boostd.Outcome
		after     time.Duration
		reason    string
	}{
		{"done", `{"id":ID,"result":"done"}` + "\n", boostd.Done, 0, ""},
		{"retry", `{"id":ID,"result":"retry","error":"later","after_ms":70}` + "\n", boostd.Retry, 70 * time.Millisecond, "later"},
		{"dead", `{"id":ID,"result":"dead","error":"never"}` + "\n", boostd.Dead, 0, "never"},
		{"garbage", "hello\n", boostd.Retry, 0, errGarbage.Error()},
		{"empty line", "\n", boostd.Retry, 0, errGarbage.Error()},
		{"wrong id", `{"id":1ID,"result":"done"}` + "\n", boostd.Retry, 0, errWrongID.Error()},
		{"unknown result", `{"id":ID,"result":"maybe"}` + "\n", boostd.Retry, 0, "program " + errResult.Error()},
		{"long line", `{"id":ID,"result":"done","x":"LONG"}` + "\n", boostd.Retry, 0, errLongLine.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := execHandler(t, 1, nil, "exec-say", c.say)
			for range 2 { // the second time by the program's successor, where it was replaced
				r := attempt(t, t.Context(), h, boostd.Message{Value: []byte("v")})
				if r.Outcome != c.outcome || r.After != c.after || r.Reason != c.reason {
					t.Errorf("result %+v, want %v after %v, %q", r, c.outcome, c.after, c.reason)
				}
			}
		})
	}
}

// What a program says after its answer must not become the next one's.
func TestExecReplacesAProgramThatSaysTooMuch(t *testing.T) {
	h := execHandler(t, 1, nil, "exec-say", `{"id":ID,"result":"done"}`+"\n"+`{"id":2,"result":"done"}`+"\n")
	d := h.doer.(*execDoer)
	for i := range 3 {
		if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Done {
			t.Fatalf("result %+v", r)
		}
		d.mu.Lock()
		idle := len(d.idle)
		d.mu.Unlock()
		if idle != 0 {
			t.Errorf("message %d: the program is kept", i)
		}
	}
}

func TestExecKeepsItsPrograms(t *testing.T) {
	const slots = 3
	h := execHandler(t, slots, nil, "exec-pid")
	pids := make(map[string]bool)
	var mu sync.Mutex
	var calls sync.WaitGroup
	for range slots {
		calls.Go(func() {
			for range 100 {
				r := attempt(t, t.Context(), h, boostd.Message{})
				mu.Lock()
				pids[r.Reason] = true
				mu.Unlock()
			}
		})
	}
	calls.Wait()
	if len(pids) < 1 || len(pids) > slots {
		t.Errorf("%d programs for %d slots: %v", len(pids), slots, pids)
	}
	for pid := range pids {
		if n, err := strconv.Atoi(pid); err != nil || !runs(n) {
			t.Errorf("program %s doesn't run", pid)
		}
	}
}

// More calls than slots are nothing that happens; still there are never more
// programs than slots.
func TestExecNeverRunsMoreProgramsThanSlots(t *testing.T) {
	const slots, callers = 2, 8
	h := execHandler(t, slots, nil, "exec-exit", "1", "0") // each second message costs the program
	d := h.doer.(*execDoer)
	most := 0
	var mu sync.Mutex
	var calls sync.WaitGroup
	for range callers {
		calls.Go(func() {
			for range 10 {
				attempt(t, t.Context(), h, boostd.Message{})
				d.mu.Lock()
				n := d.running
				d.mu.Unlock()
				mu.Lock()
				most = max(most, n)
				mu.Unlock()
			}
		})
	}
	calls.Wait()
	if most < 1 || most > slots {
		t.Errorf("%d programs at once, want at most %d", most, slots)
	}
}

func TestExecReplacesAProgramThatDies(t *testing.T) {
	var log output
	h := execHandler(t, 1, log.logger(), "exec-exit", "2", "3")
	var got []string
	for range 6 {
		r := attempt(t, t.Context(), h, boostd.Message{})
		got = append(got, r.Outcome.String()+" "+r.Reason)
	}
	died := "retry program ended: exit status 3"
	if want := fmt.Sprint([]string{"done ", "done ", died, "done ", "done ", died}); fmt.Sprint(got) != want {
		t.Errorf("results %q, want %q", got, want)
	}
	eventually(t, "both ends are in the log", func() bool {
		return strings.Count(log.String(), "boostd.orders: program ended") == 2 && strings.Contains(log.String(), `status="exit status 3"`)
	})
}

// Half an answer is none.
func TestExecThatDiesInsideItsAnswer(t *testing.T) {
	h := execHandler(t, 1, nil, "exec-half")
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Retry || r.Reason != "program ended: exit status 0" {
		t.Errorf("result %+v", r)
	}
}

// A program that never gets as far as an answer must not be started without
// pause, and messages must not pay with all their attempts for it.
func TestExecHoldsABrokenProgramBack(t *testing.T) {
	h := execHandler(t, 4, nil, "exec-exit", "0", "5")
	d := h.doer.(*execDoer)
	ctx, cancel := context.WithCancelCause(t.Context())
	var calls sync.WaitGroup
	results := make(chan boostd.Result, 1000)
	for range 4 {
		calls.Go(func() {
			for ctx.Err() == nil {
				results <- attempt(t, ctx, h, boostd.Message{})
			}
		})
	}
	eventually(t, "the program failed four times", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.restarts.failures >= 4
	})
	cancel(errors.New("overrun"))
	calls.Wait()
	close(results)
	ended, waited := 0, 0
	for r := range results {
		switch {
		case r.Outcome != boostd.Retry:
			t.Errorf("result %+v, want retry", r)
		case r.Reason == "program ended: exit status 5":
			ended++
		case r.Reason == "timed out while waiting for a program: the last one ended without an answer: exit status 5":
			waited++
		}
	}
	// Four callers may each meet a program of the first generation.
	if ended > 10 || waited < 1 {
		t.Errorf("%d attempts met a dying program, %d waited for a better one", ended, waited)
	}
}

func TestExecThatVanished(t *testing.T) {
	path := t.TempDir() + "/program"
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var log output
	h := newHandler(t, Config{Exec: []string{path}}, log.logger())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		eventually(t, "the log says so", func() bool { return strings.Contains(log.String(), "can't start program") })
		cancel()
	}()
	r := attempt(t, ctx, h, boostd.Message{})
	if r.Outcome != boostd.Retry || !strings.Contains(r.Reason, "cancelled while waiting for a program: start program: ") || !strings.Contains(r.Reason, "no such file") {
		t.Errorf("result %+v", r)
	}
}

func TestExecEndsWithItsContext(t *testing.T) {
	for reason, cause := range map[string]error{"cancelled": nil, "timed out": errors.New("overrun")} {
		var log output
		h := execHandler(t, 1, log.logger(), "exec-hang")
		d := h.doer.(*execDoer)
		ctx, cancel := context.WithCancelCause(t.Context())
		pid := 0
		go func() {
			eventually(t, "the program hangs", func() bool { return strings.Contains(log.String(), "line=hangs") })
			d.each(func(p *program) { pid = p.process.Pid })
			cancel(cause)
		}()
		// Larger than a pipe: nobody reads it, so the write hangs, too.
		r := attempt(t, ctx, h, boostd.Message{Value: make([]byte, 1<<20)})
		if r.Outcome != boostd.Retry || r.Reason != reason {
			t.Errorf("result %+v, want retry, %s", r, reason)
		}
		eventually(t, "the program is gone", func() bool { return pid != 0 && !runs(pid) })
	}
}

func TestExecThatClosesItsPipes(t *testing.T) {
	h := execHandler(t, 1, nil, "exec-close")
	d := h.doer.(*execDoer)
	r := attempt(t, t.Context(), h, boostd.Message{})
	if r.Outcome != boostd.Retry || r.Reason != "program closed its input or output" {
		t.Errorf("result %+v", r)
	}
	eventually(t, "it is gone", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.running == 0 && len(d.all) == 0
	})
}

func TestExecSeesNothingOfOurEnvironment(t *testing.T) {
	t.Setenv("BOOSTD_CANARY", "secret")
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("TZ", "UTC")
	t.Setenv("HOME", "/")
	h := execHandler(t, 1, nil, "exec-env")
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Reason != "HOME LANG PATH TZ" {
		t.Errorf("the program sees %s", r.Reason)
	}
}

func TestExecFloodOfComplaints(t *testing.T) {
	var log output
	h := execHandler(t, 1, log.logger(), "exec-flood")
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Done {
		t.Fatalf("result %+v", r)
	}
	text := log.String()
	lines := strings.Count(text, "program wrote to standard error")
	if lines < logBurst || lines > logBurst+20*logRate || strings.Contains(text, "\x1b") {
		t.Errorf("%d of 2000 lines are in the log", lines)
	}
	for line := range strings.Lines(text) {
		if len(line) > maxStderrLine+200 {
			t.Errorf("a line of %d bytes is in the log", len(line))
		}
	}
}

func TestExecLeavesNoOrphans(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(h *Handler, parent int) error
	}{
		{"close", func(h *Handler, _ int) error { return h.Close(t.Context()) }},
		{"the parent dies", func(_ *Handler, parent int) error {
			p, err := os.FindProcess(parent)
			if err != nil {
				return err
			}
			return p.Kill()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := execHandler(t, 1, nil, "exec-parent")
			r := attempt(t, t.Context(), h, boostd.Message{})
			var parent, child int
			if _, err := fmt.Sscan(r.Reason, &parent, &child); err != nil || !runs(parent) || !runs(child) {
				t.Fatalf("result %+v: want the pids of two processes that run", r)
			}
			if err := c.end(h, parent); err != nil {
				t.Fatal(err)
			}
			eventually(t, "both are gone", func() bool { return !runs(parent) && !runs(child) })
		})
	}
}

// When the daemon is killed the kernel ends its programs, even such that don't
// look at their input.
func TestExecDiesWithTheDaemon(t *testing.T) {
	host := exec.Command(self(t), "exec-host")
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, bad := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || bad != nil || !runs(pid) {
		t.Errorf("host said %q, %v: want the pid of a process that runs", line, err)
	}
	host.Process.Kill()
	host.Wait()
	eventually(t, "the program is gone", func() bool { return !runs(pid) })
}

func BenchmarkExec(b *testing.B) {
	for _, slots := range []int{1, 16} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			benchmarkSlots(b, execHandler(b, slots, nil, "exec-done"), slots)
		})
	}
}
