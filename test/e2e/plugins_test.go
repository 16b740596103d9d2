package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// shop is a setup whose handler is a plugin in the folder plugins, beside one that no
// handler uses.
type shop struct {
	*rig.Setup
	plugin, journal string
}

func newShop(t *testing.T, c *rig.Cluster, takes string) *shop {
	t.Helper()
	dir := t.TempDir()
	s := &shop{plugin: filepath.Join(dir, "plugins", "noter"), journal: filepath.Join(dir, "journal")}
	if err := os.Mkdir(filepath.Dir(s.plugin), 0o700); err != nil {
		t.Fatal(err)
	}
	s.put(t, "noter", rig.Plugin(t))
	s.put(t, "other", rig.Plugin(t))
	s.Setup = rig.New(t, c, rig.Options{Min: 9, Extra: "plugin_dir: " + filepath.Dir(s.plugin),
		Handler: fmt.Sprintf("plugin: noter, slots: 8, settings: {takes: %s, journal: %q}", takes, s.journal)})
	return s
}

// put puts a copy of a file into the folder of plugins, as a whole.
func (s *shop) put(t *testing.T, name, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, name, data)
}

func (s *shop) write(t *testing.T, name string, data []byte) {
	t.Helper()
	path := filepath.Join(filepath.Dir(s.plugin), name)
	if err := os.WriteFile(path+".next", data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		t.Fatal(err)
	}
}

// process is the handler's plugin, as the daemon has it.
func (s *shop) process(t *testing.T) console.Plugin {
	t.Helper()
	return *s.list(t).Handlers[0].Plugin
}

func (s *shop) list(t *testing.T) (list console.HandlerList) {
	t.Helper()
	p, code := s.Command(t, "handlers", "list", "--json")
	if err := json.Unmarshal([]byte(p.Stdout()), &list); err != nil || code != 0 || len(list.Handlers) == 0 || list.Handlers[0].Plugin == nil {
		t.Fatalf("handlers list exits %d, %v: %s", code, err, p.Output())
	}
	return list
}

// noted counts the messages that the plugin has handled, and how many it has handled
// more than once.
func (s *shop) noted(t *testing.T) (messages, repeated int) {
	t.Helper()
	text, err := os.ReadFile(s.journal)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if seen[line] {
			repeated++
		}
		seen[line] = true
	}
	return len(seen), repeated
}

// A plugin handles what comes, in the place of one that was killed too.
func TestPlugin(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := newShop(t, c, "2ms")
		load := s.Load(t)
		load.Fill(0, 1000, 100)
		load.Fill(10, 1000, 100)
		p := s.Spawn(t)
		lines := rig.DoneLines{Path: s.AuditPath()}
		rig.Eventually(t, "a part is done", func() bool { return lines.Count() > 300 })
		first := s.process(t)
		if first.State != "running" || first.Name != "noter" || first.Version != "1.2" || first.SDK != "none" || first.Crashes != 0 || *first.ResidentBytes < 1<<20 {
			t.Errorf("the plugin is %+v", first)
		}
		table, _ := s.Command(t, "handlers", "list")
		says(t, table, "noter 1.2", "running", fmt.Sprint(*first.PID), "no handler uses "+filepath.Dir(s.plugin)+"/other")
		if strings.Contains(table.Output(), "/noter\n") {
			t.Error("a plugin that is used is listed as one that isn't")
		}
		if err := syscall.Kill(*first.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		rig.Eventually(t, "another process serves", func() bool {
			now := s.process(t)
			return now.Crashes == 1 && now.PID != nil && *now.PID != *first.PID
		})
		load.AwaitHandled()
		clean(t, load)
		says(t, p, "killed")
		var last console.Handler
		rig.Eventually(t, "its rate is known", func() bool { last = s.list(t).Handlers[0]; return last.Rate != nil })
		if last.P50US == nil || *last.P50US < 1000 || last.P99US == nil || *last.P99US < *last.P50US {
			t.Errorf("its times are %v and %v", last.P50US, last.P99US)
		}
		exits(t, p, p.Terminate(), 0)
		if rig.Runs(*last.Plugin.PID) {
			t.Error("the plugin runs on")
		}
	})
}

// Replacing a plugin under load loses and repeats nothing; a file that doesn't work
// changes nothing, and is told of until one does.
func TestPluginIsReplaced(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := newShop(t, c, "3ms")
		load := s.Load(t)
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s.Setup) })
		ctx, end := context.WithCancel(t.Context())
		var streams sync.WaitGroup
		streams.Go(func() { load.Stream(ctx, 0, 400, 100) })
		defer streams.Wait()
		defer end()
		const times = 8
		for range times {
			before := *s.process(t).PID
			if cmd, code := s.Command(t, "handlers", "replace", "work"); code != 0 || !cmd.Says("another process serves handler work: noter 1.2") {
				t.Fatalf("exit code %d: %s", code, cmd.Output())
			}
			if now := s.process(t); *now.PID == before || now.State != "running" {
				t.Fatalf("process %d is still there: %+v", before, now)
			}
		}
		served := *s.process(t).PID
		s.write(t, "noter", []byte("#!/bin/sh\nexit 3\n"))
		cmd, code := s.Command(t, "handlers", "replace", "work")
		exits(t, cmd, code, 1)
		says(t, cmd, "it ended: exit status 3")
		rig.Eventually(t, "an alarm", func() bool { return strings.Contains(rig.Alarm(s.Status(t), "plugin"), "not replaced") })
		if now := s.process(t); *now.PID != served || now.State != "running" {
			t.Errorf("process %d no longer serves: %+v", served, now)
		}
		s.put(t, "noter", rig.Plugin(t))
		rig.Eventually(t, "it is replaced by itself, and the alarm is over", func() bool {
			return *s.process(t).PID != served && rig.Alarm(s.Status(t), "plugin") == ""
		})
		end()
		streams.Wait()
		load.Flush()
		load.AwaitHandled()
		clean(t, load)
		messages, repeated := s.noted(t)
		t.Logf("%d messages, %d repeated, %d replacements", messages, repeated, s.process(t).Replaced)
		if now := s.process(t); messages != load.Ledger.Len() || repeated > 0 || now.Crashes > 0 || now.Replaced < times+1 {
			t.Errorf("handled %d of %d messages, %d of them twice; %+v", messages, load.Ledger.Len(), repeated, now)
		}
		if cmd, code := s.Command(t, "handlers", "replace", "wrok"); code != 1 || !cmd.Says(`did you mean "work"?`) {
			t.Errorf("exit code %d: %s", code, cmd.Output())
		}
		exits(t, p, p.Terminate(), 0)
	})
}

// SIGTERM lets a plugin finish what it has begun, and ends it.
func TestPluginDrains(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := newShop(t, c, "40ms")
		load := s.Load(t)
		load.Fill(0, 500, 100)
		lines := rig.DoneLines{Path: s.AuditPath()}
		p := s.Spawn(t)
		rig.Eventually(t, "a part is done", func() bool { return lines.Count() > 100 })
		pid := *s.process(t).PID
		exits(t, p, p.Terminate(), 0)
		if rig.Runs(pid) {
			t.Error("the plugin runs on")
		}
		if messages, _ := s.noted(t); messages != lines.Count() || messages >= 500 {
			t.Errorf("the plugin has done %d messages, the daemon knows of %d", messages, lines.Count())
		}
		p = s.Spawn(t)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
		if messages, repeated := s.noted(t); messages != 500 || repeated > 0 {
			t.Errorf("handled %d of 500 messages, %d of them twice", messages, repeated)
		}
	})
}

// kill -9 of the daemon ends the plugins of all its handlers.
func TestPluginsEndWithAKilledDaemon(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const handlers = 8
		s := newShop(t, c, "1s")
		text, err := os.ReadFile(s.Path())
		if err != nil {
			t.Fatal(err)
		}
		topics, more := "topics:\n", "handlers:\n"
		for n := range handlers - 1 {
			topics += fmt.Sprintf("  %s-%d: {handler: more%d}\n", s.Base, n, n)
			more += fmt.Sprintf("  more%d: {plugin: noter, settings: {takes: 1s}}\n", n)
		}
		s.WriteFile(t, "boostd.yaml", strings.NewReplacer("topics:\n", topics, "handlers:\n", more).Replace(string(text)))
		s.Load(t).Fill(0, 100, 100)
		p := s.Spawn(t)
		var pids []int
		rig.Eventually(t, "all plugins run, and one has messages", func() bool {
			status, err := console.Dial(s.Control).Status(t.Context())
			if err != nil || len(status.Handlers) != handlers {
				return false
			}
			pids = nil
			busy := 0
			for _, h := range status.Handlers {
				busy += h.Busy
				if h.Plugin != nil && h.Plugin.PID != nil {
					pids = append(pids, *h.Plugin.PID)
				}
			}
			return len(pids) == handlers && busy > 0
		})
		for _, pid := range pids {
			if !rig.Runs(pid) {
				t.Errorf("process %d doesn't run", pid)
			}
		}
		p.Kill()
		rig.EventuallyIn(t, 2*time.Second, "none of the plugins runs", func() bool {
			return !slices.ContainsFunc(pids, rig.Runs)
		})
	})
}
