package plugins

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd"
)

func messageHandler(t testing.TB, slots int, logger hclog.Logger, args ...string) *Handler {
	t.Helper()
	return newHandler(t, Config{Exec: append([]string{self(t)}, args...), Slots: slots, ExecOptions: ExecOptions{PerMessage: true}}, logger)
}

// The programs of these tests say on standard error what goes into the reason.

// tellMessage says which variables about the message there are, and what its input
// is.
func tellMessage([]string) {
	value, err := io.ReadAll(os.Stdin)
	if err != nil {
		exit(95)
	}
	var parts []string
	for _, e := range os.Environ() {
		if text, ok := strings.CutPrefix(e, messagePrefix); ok {
			parts = append(parts, text)
		}
	}
	slices.Sort(parts)
	fmt.Fprintf(os.Stderr, "noise\n%s %s\n", digest(string(value)), strings.Join(parts, " "))
	exit(exitDataErr)
}

// sayAndExit writes its second argument to standard error and exits with the first,
// or with the signal -N.
func sayAndExit(args []string) {
	code, _ := strconv.Atoi(args[0])
	os.Stdout.WriteString("noise on standard output\n")
	if len(args) > 1 {
		os.Stderr.WriteString(args[1])
	}
	if code < 0 {
		syscall.Kill(os.Getpid(), syscall.Signal(-code))
		select {}
	}
	exit(code)
}

// tellPid says its pid and, with an argument, that of a child which never ends and
// holds its pipes; then it waits, or exits with the argument.
func tellPid(args []string) {
	pids := strconv.Itoa(os.Getpid())
	if len(args) > 0 {
		child := exec.Command(os.Args[0], "exec-hang")
		child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			exit(98)
		}
		pids += " " + strconv.Itoa(child.Process.Pid)
	}
	os.Stderr.WriteString(pids + "\n")
	if len(args) > 0 && args[0] != "wait" {
		code, _ := strconv.Atoi(args[0])
		exit(code)
	}
	if len(args) > 0 {
		select {}
	}
	exit(1)
}

// tellLimits says what it is limited to: its input ends after the limits are set.
func tellLimits([]string) {
	io.Copy(io.Discard, os.Stdin)
	os.Stderr.WriteString(limits())
	exit(1)
}

func limits() string {
	// Of the process's first thread, and of one that was there before.
	nice, err := unix.Getpriority(unix.PRIO_PROCESS, os.Getpid())
	if err != nil {
		exit(93)
	}
	return fmt.Sprintf("nice %d", 20-nice)
}

func TestMessageIsToldByTheEnvironment(t *testing.T) {
	h := messageHandler(t, 1, nil, "msg-tell")
	for _, c := range []struct {
		name    string
		message boostd.Message
		want    string
	}{
		{"everything", boostd.Message{
			Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Attempt: 2, Key: []byte("k 1"), Value: []byte("a\nb"),
			ProducedAt: time.Unix(0, 600), Headers: []boostd.Header{{Key: "h", Value: []byte("v")}},
		}, "ATTEMPT=2 HEADER_h=v KEY=k 1 LEVEL=7 OFFSET=1042 PARTITION=3 TIMESTAMP=1970-01-01T00:00:00.0000006Z TOPIC=orders_7"},
		{"tombstone", boostd.Message{Topic: "t"}, "ATTEMPT=0 LEVEL=0 OFFSET=0 PARTITION=0 TOMBSTONE=true TOPIC=t"},
		{"binary key", boostd.Message{Topic: "t", Key: []byte{0, 0xff}, Value: []byte{}},
			"ATTEMPT=0 KEY_B64=AP8= LEVEL=0 OFFSET=0 PARTITION=0 TOPIC=t"},
		{"4 MiB", boostd.Message{Topic: "t", Value: bytes.Repeat([]byte("x"), 4<<20)}, "ATTEMPT=0 LEVEL=0 OFFSET=0 PARTITION=0 TOPIC=t"},
	} {
		r := attempt(t, t.Context(), h, c.message)
		if want := "exit status 65: " + digest(string(c.message.Value)) + " " + c.want; r.Outcome != boostd.Dead || r.Reason != want {
			t.Errorf("%s: result %+v,\nwant dead, %s", c.name, r, want)
		}
	}
}

func TestMessageEnv(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	env, err := messageEnv(&boostd.Message{Topic: "t", Value: []byte{}, Headers: []boostd.Header{
		{Key: "trace", Value: []byte("first")}, {Key: "trace-id", Value: []byte("x")}, {Key: "1", Value: []byte("digits")},
		{Key: "null"}, {Key: "", Value: []byte("unnamed")}, {Key: "bad", Value: []byte{0xff}}, {Key: "nul", Value: []byte{0}},
		{Key: "trace", Value: []byte("last\nof two")}, {Key: "A=B", Value: []byte("x")}, {Key: "empty", Value: []byte{}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	pair := func(name, value string) string { return b64([]byte(name)) + "." + b64([]byte(value)) }
	want := []string{"BOOSTD_TOPIC=t", "BOOSTD_PARTITION=0", "BOOSTD_OFFSET=0", "BOOSTD_LEVEL=0", "BOOSTD_ATTEMPT=0",
		"BOOSTD_HEADER_empty=", "BOOSTD_HEADER_trace=last\nof two", "BOOSTD_HEADER_1=digits",
		"BOOSTD_HEADERS_B64=" + strings.Join([]string{pair("trace", "first"), pair("trace-id", "x"), b64([]byte("null")),
			pair("", "unnamed"), pair("bad", "\xff"), pair("nul", "\x00"), pair("A=B", "x")}, " ")}
	if !slices.Equal(env, want) {
		t.Errorf("variables are %q,\nwant %q", env, want)
	}
	if _, err := messageEnv(&boostd.Message{Key: bytes.Repeat([]byte("k"), maxEnvironment)}); err == nil {
		t.Error("64 KiB of key are no error")
	}
}

func FuzzMessageEnv(f *testing.F) {
	f.Add([]byte("k"), "h", []byte("v"), "h", []byte("w"))
	f.Add([]byte{0}, "A=B", []byte{0xff}, "", []byte(nil))
	f.Fuzz(func(t *testing.T, key []byte, name1 string, value1 []byte, name2 string, value2 []byte) {
		env, err := messageEnv(&boostd.Message{Topic: "t", Key: key, Headers: []boostd.Header{{Key: name1, Value: value1}, {Key: name2, Value: value2}}})
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, e := range env {
			name, _, ok := strings.Cut(e, "=")
			if !ok || !strings.HasPrefix(name, messagePrefix) || !variable.MatchString(name) || seen[name] || strings.ContainsRune(e, 0) {
				t.Errorf("%q is no variable, or is there twice", e)
			}
			seen[name] = true
		}
	})
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args    []string
		outcome boostd.Outcome
		reason  string
	}{
		{[]string{"0"}, boostd.Done, ""},
		{[]string{"0", "all is well\n"}, boostd.Done, ""},
		{[]string{"1"}, boostd.Retry, "exit status 1"},
		{[]string{"1", "first\nno \x1b[1mstock\n \n"}, boostd.Retry, "exit status 1: no [1mstock"},
		{[]string{"65", "no such customer\n"}, boostd.Dead, "exit status 65: no such customer"},
		{[]string{"75", "half a li"}, boostd.Retry, "exit status 75: half a li"},
		{[]string{"255", strings.Repeat("x", 500) + "\n"}, boostd.Retry, "exit status 255: " + strings.Repeat("x", maxText) + "…"},
		{[]string{"-9", "half"}, boostd.Retry, "signal: killed: half"},
		{[]string{"-15"}, boostd.Retry, "signal: terminated"},
	} {
		h := messageHandler(t, 1, nil, append([]string{"msg-exit"}, c.args...)...)
		// Larger than a pipe: the program reads nothing of it.
		r := attempt(t, t.Context(), h, boostd.Message{Value: make([]byte, 1<<20)})
		if r.Outcome != c.outcome || r.Reason != c.reason || r.After != 0 {
			t.Errorf("%q: result %+v, want %v, %q", c.args, r, c.outcome, c.reason)
		}
	}
}

// Whatever becomes of a program, none of its group is left when its message is
// reported: there are never more than slots.
func TestPerMessageLeavesNothingBehind(t *testing.T) {
	for _, c := range []struct {
		name, arg, reason string
		outcome           boostd.Outcome
	}{
		{"it exits beside its child", "1", "exit status 1", boostd.Retry},
		{"it overruns", "wait", "timed out", boostd.Retry},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log output
			h := messageHandler(t, 1, log.logger(), "msg-pid", c.arg)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if c.arg == "wait" {
				go func() {
					eventually(t, "the program says its pids", func() bool { return strings.Contains(log.String(), "program wrote") })
					cancel(errors.New("overrun"))
				}()
			}
			r := attempt(t, ctx, h, boostd.Message{Value: make([]byte, 1<<20)})
			var parent, child int
			text, ok := strings.CutPrefix(r.Reason, c.reason+": ")
			if _, err := fmt.Sscan(text, &parent, &child); !ok || err != nil || r.Outcome != c.outcome {
				t.Fatalf("result %+v", r)
			}
			if runs(parent) {
				t.Error("the program runs on")
			}
			eventually(t, "its child is gone", func() bool { return !runs(child) }) // init's to reap
		})
	}
}

func TestPerMessageRunsNoMoreThanSlots(t *testing.T) {
	const slots = 3
	h := messageHandler(t, slots, nil, "msg-pid")
	var calls sync.WaitGroup
	for range slots {
		calls.Go(func() {
			for range 10 {
				r := attempt(t, t.Context(), h, boostd.Message{})
				pid, err := strconv.Atoi(strings.TrimPrefix(r.Reason, "exit status 1: "))
				if err != nil || runs(pid) {
					t.Errorf("result %+v: want the pid of a program that has ended", r)
				}
			}
		})
	}
	calls.Wait()
}

func TestPerMessageFloodOfComplaints(t *testing.T) {
	var log output
	h := messageHandler(t, 1, log.logger(), "exec-flood") // then its input ends
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Done {
		t.Fatalf("result %+v", r)
	}
	if lines := strings.Count(log.String(), "program wrote to standard error"); lines < logBurst || lines > logBurst+20*logRate {
		t.Errorf("%d of 2000 lines are in the log", lines)
	}
}

// A program that can't be started is waited for as long as the attempt may take.
func TestPerMessageProgramThatIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	write := func(mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte("#!/bin/sh\nexit 0\n"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write(0o755)
	var log output
	h := newHandler(t, Config{Exec: []string{path}, ExecOptions: ExecOptions{PerMessage: true}}, log.logger())
	write(0o644) // not executable any more
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		eventually(t, "the log says so", func() bool { return strings.Contains(log.String(), "can't start program") })
		cancel()
	}()
	r := attempt(t, ctx, h, boostd.Message{})
	if r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, "cancelled while waiting for a program: start program: ") || !strings.Contains(r.Reason, "permission denied") {
		t.Errorf("result %+v", r)
	}
	before := strings.Count(log.String(), "can't start program")
	go func() {
		eventually(t, "the log says so again", func() bool { return strings.Count(log.String(), "can't start program") > before })
		write(0o755)
	}()
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Done {
		t.Errorf("result %+v, want done once the program is there", r)
	}
}

func TestPerMessageClose(t *testing.T) {
	var log output
	h := messageHandler(t, 1, log.logger(), "exec-hang")
	results := make(chan boostd.Result, 1)
	go func() { results <- attempt(t, t.Context(), h, boostd.Message{}) }()
	eventually(t, "the program hangs", func() bool { return strings.Contains(log.String(), "line=hangs") })
	for range 2 {
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if r := <-results; r.Outcome != boostd.Retry || r.Reason != "signal: killed: hangs" {
		t.Errorf("result %+v", r)
	}
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Retry || r.Reason != "handler is closed" {
		t.Errorf("result %+v of a closed handler", r)
	}
}

func TestPerMessageDiesWithTheDaemon(t *testing.T) {
	host := exec.Command(self(t), "msg-host")
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

// messageHost is a daemon with a program that never ends by itself.
func messageHost([]string) {
	c := Config{Exec: []string{os.Args[0], "exec-hang"}, ExecOptions: ExecOptions{PerMessage: true}}
	c.SetDefaults()
	h, err := New("host", c, Options{})
	if err != nil {
		exit(97)
	}
	go h.Handle(context.Background(), &work{messages: []*boostd.Message{{}}})
	d := h.doer.(*messageDoer)
	for ; ; <-time.Tick(time.Millisecond) {
		d.mu.Lock()
		for p := range d.all {
			fmt.Println(p.process.Pid)
			select {}
		}
		d.mu.Unlock()
	}
}

func TestLimits(t *testing.T) {
	process := ProcessConfig{Limits: Limits{Nice: 7}}
	const want = "nice 7"
	long := newHandler(t, Config{Exec: []string{self(t), "exec-limits"}, Process: process}, nil)
	if r := attempt(t, t.Context(), long, boostd.Message{}); r.Reason != want {
		t.Errorf("result %+v, want %s", r, want)
	}
	each := newHandler(t, Config{Exec: []string{self(t), "msg-limits"}, Process: process, ExecOptions: ExecOptions{PerMessage: true}}, nil)
	if r := attempt(t, t.Context(), each, boostd.Message{}); r.Reason != "exit status 1: "+want {
		t.Errorf("result %+v, want %s", r, want)
	}
}

// The first thread is one of many: those that are there already have the value, too.
func TestNiceReachesEveryThread(t *testing.T) {
	h := newHandler(t, Config{Exec: []string{self(t), "exec-done"}, Slots: 1, Process: ProcessConfig{Limits: Limits{Nice: 3}}}, nil)
	if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Done {
		t.Fatalf("result %+v", r)
	}
	pid := 0
	h.doer.(*execDoer).each(func(p *program) { pid = p.process.Pid })
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, thread := range threads {
		tid, _ := strconv.Atoi(thread.Name())
		if nice, err := unix.Getpriority(unix.PRIO_PROCESS, tid); err != nil || 20-nice != 3 {
			t.Errorf("thread %d: nice %d, %v", tid, 20-nice, err)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	for _, perMessage := range []bool{false, true} {
		h := newHandler(t, Config{Exec: []string{"sh", "-c", "exec dd if=/dev/zero of=/dev/null bs=256M count=1000000"},
			ExecOptions: ExecOptions{PerMessage: perMessage}, Process: ProcessConfig{Limits: Limits{Memory: 128 << 20}}}, nil)
		r := attempt(t, t.Context(), h, boostd.Message{})
		if r.Outcome != boostd.Retry || !strings.Contains(r.Reason, "MiB of memory: more than process.memory allows (128MiB)") {
			t.Errorf("result %+v", r)
		}
	}
}

func TestLimitsOfAProcessThatHasEnded(t *testing.T) {
	gone := exec.Command(self(t), "msg-exit", "0")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	if err := (Limits{Nice: 5}).apply(gone.Process.Pid); err != nil {
		t.Error(err)
	}
}

func TestExecEnvironment(t *testing.T) {
	t.Setenv("BOOSTD_CANARY", "secret")
	t.Setenv("TZ", "UTC")
	for _, perMessage := range []bool{false, true} {
		h := newHandler(t, Config{Exec: []string{"sh", "-c", `cat > /dev/null; echo "$TOKEN $TZ $BOOSTD_CANARY" >&2; exit 65`},
			ExecOptions: ExecOptions{PerMessage: perMessage}, Process: ProcessConfig{Env: map[string]boostd.Secret{"TOKEN": "t=1", "TZ": "CET"}}}, nil)
		if perMessage {
			if r := attempt(t, t.Context(), h, boostd.Message{}); r.Reason != "exit status 65: t=1 CET" {
				t.Errorf("result %+v", r)
			}
		} else if env := h.doer.(*execDoer).command.env; !slices.Contains(env, "TOKEN=t=1") || !slices.Contains(env, "TZ=CET") || slices.Contains(env, "TZ=UTC") {
			t.Errorf("environment %q", env)
		}
	}
}

func BenchmarkExecPerMessage(b *testing.B) {
	for _, slots := range []int{1, 16} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			h := newHandler(b, Config{Exec: []string{"true"}, Slots: slots, ExecOptions: ExecOptions{PerMessage: true}}, nil)
			benchmarkSlots(b, h, slots)
		})
	}
}
