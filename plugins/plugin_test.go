package plugins

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// plant is a scheduler in small: slots take messages from one queue until each has its
// last result.
type plant struct {
	mu       sync.Mutex
	waiting  []*boostd.Message
	open     int
	results  map[int64][]boostd.Result // by offset, in order
	attempts int                       // after so many that count, a message is given up
	longest  time.Duration             // from taking a message to its result
	batch    int                       // as many are given at once
}

func newPlant(attempts int, values ...string) *plant {
	p := &plant{results: map[int64][]boostd.Result{}, attempts: attempts, batch: 8}
	for n, value := range values {
		m := &boostd.Message{Topic: "t", Offset: int64(n), Attempt: 1, Value: []byte(value)}
		if value == "" {
			m.Value = nil
		}
		p.waiting = append(p.waiting, m)
	}
	p.open = len(values)
	return p
}

// run has so many slots work until all is done.
func (p *plant) run(ctx context.Context, h *Handler, slots int) {
	var all sync.WaitGroup
	for range slots {
		all.Go(func() {
			for ctx.Err() == nil && !p.over() {
				h.Handle(ctx, &share{plant: p, left: p.batch, taken: map[*boostd.Message]time.Time{}})
			}
		})
	}
	all.Wait()
}

func (p *plant) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open == 0
}

// share is one slot's batch.
type share struct {
	*plant
	left  int
	taken map[*boostd.Message]time.Time
}

func (s *share) Next() (*boostd.Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 || len(s.waiting) == 0 {
		return nil, false
	}
	s.left--
	m := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.taken[m] = time.Now()
	return m, true
}

func (s *share) Report(m *boostd.Message, r boostd.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, ok := s.taken[m]
	if !ok {
		panic("reported what wasn't taken, or twice")
	}
	s.longest = max(s.longest, time.Since(since))
	delete(s.taken, m)
	s.results[m.Offset] = append(s.results[m.Offset], r)
	switch {
	case r.Outcome == boostd.Released:
		s.waiting = append(s.waiting, m)
	case r.Outcome == boostd.Retry && m.Attempt < s.attempts:
		m.Attempt++
		s.waiting = append(s.waiting, m)
	default:
		s.open--
	}
}

// counted are the results that aren't Released.
func (p *plant) counted(offset int64) (all []boostd.Result) {
	for _, r := range p.results[offset] {
		if r.Outcome != boostd.Released {
			all = append(all, r)
		}
	}
	return all
}

func pluginConfig(t testing.TB, wrong string) Config {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Plugin: path, Args: []string{"plugin", wrong}, Slots: 8, Timeout: boostd.Duration(20 * time.Second)}
}

func pluginState(h *Handler) PluginStatus { return h.Plugin() }

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
	env := pluginState(h).SDK
	if strings.Contains(env, "AWS") || !strings.Contains(env, "TOKEN=abc") || !strings.Contains(env, "BOOSTD_PLUGIN=") {
		t.Errorf("its environment is %s", env)
	}
	s := pluginState(h)
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
	before := pluginState(h).PID
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
	before := pluginState(h).PID
	if err := syscall.Kill(before, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another one serves", func() bool { s := pluginState(h); return s.PID != before && s.State == PluginRunning })
	newPlant(1, "done").finish(t, h)
	eventually(t, "it is gone", func() bool { return !runs(before) })
}

// What heeds its cancellation stays.
func TestPluginCancelled(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	newPlant(1, "done").finish(t, h)
	before := pluginState(h).PID
	for want, cause := range map[string]error{"cancelled": nil, "timed out": errors.New("overrun")} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
		p := newPlant(1, "sleep:1m")
		p.run(ctx, h, 1)
		if got := p.results[0]; len(got) != 1 || got[0].Outcome != boostd.Retry || got[0].Reason != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
	if after := pluginState(h).PID; after != before {
		t.Error("the process was ended")
	}
}

// Answers that make no sense end the process, not the daemon; the messages come again.
func TestPluginAnswersNonsense(t *testing.T) {
	for _, value := range []string{"flood", "huge"} {
		t.Run(value, func(t *testing.T) {
			h := newHandler(t, pluginConfig(t, ""), nil)
			p := newPlant(2, value)
			p.finish(t, h)
			newPlant(1, "done").finish(t, h)
			if value == "huge" && (len(p.counted(0)) != 2 || !strings.Contains(p.counted(0)[0].Reason, "plugin closed a stream")) {
				t.Errorf("%+v", p.results)
			}
		})
	}
}

// A plugin that doesn't start is told of, and tried again; messages wait meanwhile and
// lose no attempt.
func TestPluginThatDoesNotStart(t *testing.T) {
	for wrong, says := range map[string]string{
		"garbage": "hello, I am no plugin",
		"version": "77",
		"exits":   "it ended: exit status 0",
		"crashes": "it ended: exit status 7",
		"refuses": "no database at db1",
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			c := pluginConfig(t, wrong)
			c.Settings = map[string]boostd.Secret{"database": "db1"}
			h := newHandler(t, c, nil)
			eventually(t, "it says why", func() bool {
				s := pluginState(h)
				return s.State == PluginFailing && strings.Contains(s.Error, says)
			})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			p := newPlant(1, "done")
			p.run(ctx, h, 1)
			if len(p.results) != 0 || len(p.waiting) != 1 {
				t.Errorf("a message was taken: %+v", p.results)
			}
		})
	}
}

// A file that can't be executed, or that others may change, is refused.
func TestPluginFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(open, "p")
	if err := os.WriteFile(inside, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		write("plain", 0o600):      "permission denied",
		write("writable", 0o722):   "chmod go-w",
		inside:                     "chmod go-w",
		dir:                        "",
		filepath.Join(dir, "none"): "no such file",
	} {
		c := Config{Plugin: path}
		c.SetDefaults()
		if _, err := New("orders", c, Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
}

// A leak ends at the limit, and what was in flight comes again.
func TestPluginMemory(t *testing.T) {
	c := pluginConfig(t, "")
	c.Process.Memory = 300 << 20
	h := newHandler(t, c, nil)
	p := newPlant(3, strings.Split(strings.Repeat("leak,", 30)+"done", ",")...)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	p.run(ctx, h, 1)
	if s := pluginState(h); !p.over() || s.Crashes == 0 {
		t.Errorf("%d left, %+v", p.open, s)
	}
}

// A hundred replacements under load: nothing is lost or repeated, and nobody waits.
func TestPluginReplaced(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	values := make([]string, 1)
	newPlant(1, values...).finish(t, h)
	p := newPlant(1)
	p.open = 1 // until the last is there
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var load sync.WaitGroup
	load.Go(func() { p.run(ctx, h, 8) })
	load.Go(func() {
		for n := int64(0); ctx.Err() == nil; n++ {
			p.mu.Lock()
			p.waiting = append(p.waiting, &boostd.Message{Topic: "t", Offset: n, Attempt: 1, Value: []byte("sleep:1ms")})
			p.open++
			p.mu.Unlock()
			<-time.After(200 * time.Microsecond)
		}
	})
	pids := map[int]bool{}
	for range 100 {
		if err := h.Replace(t.Context()); err != nil {
			t.Fatal(err)
		}
		pids[pluginState(h).PID] = true
	}
	end()
	load.Wait()
	for offset, results := range p.results {
		if len(results) != 1 || results[0].Outcome != boostd.Done && results[0].Reason != "cancelled" {
			t.Errorf("message %d: %v", offset, results)
		}
	}
	if len(pids) != 100 || pluginState(h).Crashes > 0 {
		t.Errorf("%d processes, %+v", len(pids), pluginState(h))
	}
	t.Logf("%d messages, the longest took %v", len(p.results), p.longest)
}

// Another file at the plugin's place takes over by itself; one that doesn't work
// doesn't.
func TestPluginFileChanges(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "plugin")
	put := func(script string) {
		next := filepath.Join(dir, "next")
		if err := os.WriteFile(next, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
	}
	put("#!/bin/sh\nexec " + self + " plugin ''\n")
	h := newHandler(t, Config{Plugin: path}, nil)
	newPlant(1, "done").finish(t, h)
	first := pluginState(h).PID
	put("#!/bin/sh\nexec " + self + " plugin '' again\n")
	eventually(t, "another process serves", func() bool { return pluginState(h).PID != first })
	newPlant(1, "done").finish(t, h)
	second := pluginState(h).PID
	put("#!/bin/sh\nexit 1\n")
	eventually(t, "the bad one is told of", func() bool { return strings.Contains(pluginState(h).Error, "not replaced") })
	newPlant(1, "done").finish(t, h)
	if s := pluginState(h); s.PID != second || s.State != PluginRunning {
		t.Errorf("%+v, want process %d", s, second)
	}
}

// Nothing of a plugin is left when its handler is closed, whatever it does.
func TestPluginClosed(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	p := newPlant(1, "hang", "done")
	p.batch = 1
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { p.run(ctx, h, 2) })
	eventually(t, "both are there", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.waiting) == 0 && len(p.results) == 1 })
	pid, dir := pluginState(h).PID, h.doer.(*pluginHost).dir
	cancel()
	closing, done := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer done()
	if err := h.Close(closing); err != nil {
		t.Error(err)
	}
	working.Wait()
	if runs(pid) {
		t.Error("its process runs on")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("its sockets are left")
	}
}
