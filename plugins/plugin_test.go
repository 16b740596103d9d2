package plugins

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func pluginConfig(t testing.TB, wrong string) Config {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Plugin: path, Args: []string{"plugin", wrong}, Slots: 8, Timeout: boostd.Duration(20 * time.Second)}
}

func TestPluginAnswers(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	for value, want := range map[string]boostd.Result{
		"":                   {Outcome: boostd.Done},
		"done":               {Outcome: boostd.Done},
		"retry:no stock":     {Outcome: boostd.Retry, Reason: "no stock", After: 1500 * time.Millisecond},
		"retry:":             {Outcome: boostd.Retry, Reason: "plugin said retry", After: 1500 * time.Millisecond},
		"dead:no such order": {Outcome: boostd.Dead, Reason: "no such order"},
		"dead:":              {Outcome: boostd.Dead, Reason: "plugin said dead"},
		"twice":              {Outcome: boostd.Done},
		"unknown":            {Outcome: boostd.Done},
		"sleep:20ms":         {Outcome: boostd.Done},
		"retry:a\x1b[2Jb":    {Outcome: boostd.Retry, Reason: "a [2Jb", After: 1500 * time.Millisecond},
	} {
		p := newPlant(1, value)
		p.run(t.Context(), h, 1)
		if got := p.results[0]; len(got) != 1 || got[0] != want {
			t.Errorf("%q: %+v, want %+v", value, got, want)
		}
	}
}

// The environment of a plugin is clean, but for what is configured.
func TestPluginEnvironment(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	c := pluginConfig(t, "")
	c.Process.Env = map[string]boostd.Secret{"TOKEN": "abc"}
	h := newHandler(t, c, nil)
	newPlant(1, "done").finish(t, h)
	env := h.Plugin().SDK
	if strings.Contains(env, "AWS") || !strings.Contains(env, "TOKEN=abc") || !strings.Contains(env, "BOOSTD_PLUGIN=") {
		t.Errorf("its environment is %s", env)
	}
	s := h.Plugin()
	if s.Name != "fake [2J" || len(s.Version) > maxWords+len("…") || s.Resident < 1<<20 {
		t.Errorf("it is shown as %q, with %d bytes of version and %v of memory", s.Name, len(s.Version), s.Resident)
	}
}

func (p *plant) finish(t testing.TB, h *Handler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p.run(ctx, h, 8)
	if !p.over() {
		t.Fatalf("%d messages have no last result: %v", p.open, p.results)
	}
}

// A message that kills the process is found, however many are beside it: nobody
// else's attempt counts, and nothing is lost.
func TestPluginPoison(t *testing.T) {
	o := &output{}
	h := newHandler(t, pluginConfig(t, ""), o.logger())
	values := make([]string, 200)
	for n := range values {
		values[n] = "sleep:1ms"
	}
	values[50] = "crash"
	p := newPlant(3, values...)
	p.finish(t, h)
	for n := range values {
		counted := p.counted(int64(n))
		if n != 50 {
			if len(counted) != 1 || counted[0].Outcome != boostd.Done {
				t.Errorf("message %d: %v", n, p.results[int64(n)])
			}
			continue
		}
		if len(counted) != 3 || counted[2].Reason != "plugin ended: exit status 3" {
			t.Errorf("the poison: %v", p.results[50])
		}
	}
	if s := h.Plugin(); s.Crashes < 3 || s.Crashes > 4 { // the first one, in company, and those alone
		t.Errorf("%d crashes", s.Crashes)
	}
	newPlant(1, "done", "done").finish(t, h) // it works on
}

// A crash that one message alone can have caused counts for it at once.
func TestPluginCrashAlone(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	p := newPlant(1, "crash")
	p.finish(t, h)
	if got := p.results[0]; len(got) != 1 || got[0].Outcome != boostd.Retry || got[0].Reason != "plugin ended: exit status 3" {
		t.Errorf("%+v", got)
	}
}

// What the plugin doesn't answer when it is cancelled ends the process, and only that
// message's attempt counts.
func TestPluginHangs(t *testing.T) {
	o := &output{}
	c := pluginConfig(t, "")
	h := newHandler(t, c, o.logger())
	h.doer.(*pluginHost).cancelWait = 100 * time.Millisecond
	newPlant(1, "done").finish(t, h)
	before := h.Plugin().PID
	overrun := errors.New("handler overran its timeout")
	ctx, cancel := context.WithCancelCause(t.Context())
	hung, innocent := newPlant(1, "hang"), newPlant(1, "sleep:500ms")
	var both sync.WaitGroup
	both.Go(func() { hung.run(ctx, h, 1) })
	both.Go(func() { innocent.finish(t, h) })
	time.AfterFunc(50*time.Millisecond, func() { cancel(overrun) })
	both.Wait()
	if got := hung.results[0]; len(got) != 1 || got[0].Outcome != boostd.Retry || got[0].Reason != "timed out, and ignored its cancellation" {
		t.Errorf("what hung: %+v", got)
	}
	if got := innocent.counted(0); len(got) != 1 || got[0].Outcome != boostd.Done {
		t.Errorf("what didn't: %+v", innocent.results)
	}
	if !strings.Contains(o.String(), "everybody stands here") {
		t.Error("the log doesn't show where it stood")
	}
	eventually(t, "the process is gone", func() bool { return !runs(before) })
}

// A process that is stopped, or stuck, while it has nothing to do is found out.
func TestPluginUnhealthy(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	h.doer.(*pluginHost).healthInterval, h.doer.(*pluginHost).healthTimeout = 20*time.Millisecond, 200*time.Millisecond
	newPlant(1, "done").finish(t, h)
	if err := h.Replace(t.Context()); err != nil { // from here with these times
		t.Fatal(err)
	}
	before := h.Plugin().PID
	if err := syscall.Kill(before, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another one serves", func() bool { s := h.Plugin(); return s.PID != before && s.State == PluginRunning })
	newPlant(1, "done").finish(t, h)
	eventually(t, "it is gone", func() bool { return !runs(before) })
}

// What heeds its cancellation stays.
func TestPluginCancelled(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	newPlant(1, "done").finish(t, h)
	before := h.Plugin().PID
	for want, cause := range map[string]error{"cancelled": nil, "timed out": errors.New("overrun")} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
		p := newPlant(1, "sleep:1m")
		p.run(ctx, h, 1)
		if got := p.results[0]; len(got) != 1 || got[0].Outcome != boostd.Retry || got[0].Reason != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
	if after := h.Plugin().PID; after != before {
		t.Error("the process was ended")
	}
}

// Answers that make no sense end the process, not the daemon; the messages come again.
func TestPluginAnswersNonsense(t *testing.T) {
	for value, says := range map[string]string{"flood": "", "huge": "plugin closed a stream", "close": "plugin closed a stream: no more of this"} {
		t.Run(value, func(t *testing.T) {
			h := newHandler(t, pluginConfig(t, ""), nil)
			p := newPlant(2, value)
			p.finish(t, h)
			newPlant(1, "done").finish(t, h)
			if says != "" && (len(p.counted(0)) != 2 || !strings.Contains(p.counted(0)[0].Reason, says)) {
				t.Errorf("%+v", p.results)
			}
		})
	}
}

// A message that no frame has room for is no plugin's: the process doesn't see it.
func TestPluginLargestMessage(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	p := newPlant(1, "done", "done", "done")
	p.waiting[0].Value = make([]byte, maxMessage)       // with what surrounds it too large
	p.waiting[1].Value = make([]byte, maxMessage-4<<10) // the largest
	p.finish(t, h)
	if r := p.results[0]; len(r) != 1 || r[0].Outcome != boostd.Dead || !strings.Contains(r[0].Reason, "more than a plugin is given") {
		t.Errorf("too large: %+v", r)
	}
	if r := p.results[1]; len(r) != 1 || r[0].Outcome != boostd.Done {
		t.Errorf("the largest: %+v", r)
	}
	if s := h.Plugin(); s.Crashes > 0 {
		t.Errorf("%+v", s)
	}
}
