package plugins

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// A plugin that doesn't start is told of, and tried again; messages wait meanwhile and
// lose no attempt.
func TestPluginThatDoesNotStart(t *testing.T) {
	for wrong, says := range map[string]string{
		"garbage": "hello, I am no plugin",
		"version": "77",
		"exits":   "it ended: exit status 0",
		"crashes": "it ended: exit status 7",
		"refuses": "no database at db1",
		"silent":  "timeout while waiting for plugin to start",
		"foreign": "exec format error",
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			c := pluginConfig(t, wrong)
			if wrong == "foreign" { // as a program for another processor
				c.Plugin = filepath.Join(t.TempDir(), "plugin")
				if err := os.WriteFile(c.Plugin, []byte("\x7fELF\x02\x01\x01 for nobody here"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			c.Settings = map[string]boostd.Secret{"database": "db1"}
			h := newHandler(t, c, nil)
			eventuallyIn(t, 2*handshakeTimeout, "it says why", func() bool {
				s := h.Plugin()
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
	link := filepath.Join(dir, "link")
	if err := os.Symlink(inside, link); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		link:                       "chmod go-w",
		write("plain", 0o600):      "isn't an executable file",
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
	if s := h.Plugin(); !p.over() || s.Crashes == 0 {
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
		pids[h.Plugin().PID] = true
	}
	end()
	load.Wait()
	for offset, results := range p.results {
		if len(results) != 1 || results[0].Outcome != boostd.Done && results[0].Reason != "cancelled" {
			t.Errorf("message %d: %v", offset, results)
		}
	}
	if len(pids) != 100 || h.Plugin().Crashes > 0 {
		t.Errorf("%d processes, %+v", len(pids), h.Plugin())
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
	first := h.Plugin().PID
	put("#!/bin/sh\nexec " + self + " plugin '' again\n")
	eventually(t, "another process serves", func() bool { return h.Plugin().PID != first })
	newPlant(1, "done").finish(t, h)
	second := h.Plugin().PID
	put("#!/bin/sh\nexit 1\n")
	eventually(t, "the bad one is told of", func() bool { return strings.Contains(h.Plugin().Error, "not replaced") })
	newPlant(1, "done").finish(t, h)
	if s := h.Plugin(); s.PID != second || s.State != PluginRunning {
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
	pid, dir := h.Plugin().PID, h.doer.(*pluginHost).dir
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

// Who doesn't heed SIGTERM is ended two seconds later.
func TestPluginIsDeaf(t *testing.T) {
	h := newHandler(t, pluginConfig(t, "deaf"), nil)
	newPlant(1, "done").finish(t, h)
	before := h.Plugin().PID
	if err := h.Replace(t.Context()); err != nil {
		t.Fatal(err)
	}
	newPlant(1, "done").finish(t, h)
	eventually(t, "it is gone", func() bool { return !runs(before) })
}
