package rig

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/console"
)

// Noter is a setup whose handler is the plugin of test/plugin: it notes what it has
// done in a journal.
type Noter struct {
	*Setup
	slots   int
	journal string
}

// NewNoter makes one whose messages take some time, and who gives none up.
func NewNoter(t testing.TB, c *Cluster, slots int, takes time.Duration) *Noter {
	t.Helper()
	n := &Noter{slots: slots, journal: filepath.Join(t.TempDir(), "journal")}
	n.Setup = New(t, c, Options{Min: 9, Handler: fmt.Sprintf(
		"plugin: %s, slots: %d, settings: {takes: %v, journal: %q}, retry: {attempts: 1000, backoff: 1ms}", Plugin(t), slots, takes, n.journal)})
	return n
}

// process is the plugin as the daemon has it.
func (n *Noter) process(t testing.TB) console.Plugin {
	t.Helper()
	s := n.Status(t)
	if len(s.Handlers) == 0 || s.Handlers[0].Plugin == nil {
		return console.Plugin{}
	}
	return *s.Handlers[0].Plugin
}

// repeated is how many messages the plugin has done more than once.
func (n *Noter) repeated(t testing.TB) (repeated int) {
	t.Helper()
	text, err := os.ReadFile(n.journal)
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
	return repeated
}

// PluginRun is what became of a run in which a plugin was killed or replaced.
type PluginRun struct {
	verdict.Verdict
	// Times it was killed or replaced; Crashes are what the daemon has counted.
	Times   int
	Crashes uint64
	// Repeated are messages that the plugin has done more than once; Allowed is how many
	// it may have had when it was killed.
	Repeated, Allowed int
	// Longest is the longest wait from a message's readiness to its start, meanwhile.
	Longest time.Duration
}

// under runs a daemon under load of two levels, while do is done again and again.
func (n *Noter) under(t testing.TB, perSecond float64, do func() (again bool)) (r PluginRun) {
	t.Helper()
	load := n.Load(t)
	p := n.Spawn(t)
	Eventually(t, "it is ready", func() bool { return Ready(t, n.Setup) })
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var streams sync.WaitGroup
	streams.Go(func() { load.Stream(ctx, 0, perSecond/2, 100) })
	streams.Go(func() { load.Stream(ctx, 10, perSecond/2, 100) })
	// What came before the first dispatch has waited for that.
	lines := DoneLines{Path: n.AuditPath()}
	Eventually(t, "the start's backlog is done", func() bool { return lines.Count() > int(2*perSecond) })
	began := time.Now()
	for do() {
		r.Times++
	}
	end()
	streams.Wait()
	load.AwaitHandled()
	r.Crashes = n.process(t).Crashes
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	r.Verdict, r.Repeated = load.Verdict(), n.repeated(t)
	for _, a := range n.Audit(t) {
		if a.ReadyAt.After(began) {
			r.Longest = max(r.Longest, a.StartedAt.Sub(a.ReadyAt))
		}
	}
	return r
}

// Kill kills the plugin about once a second.
func (n *Noter) Kill(t testing.TB, perSecond float64, during time.Duration) PluginRun {
	t.Helper()
	end := time.Now().Add(during)
	r := n.under(t, perSecond, func() bool {
		<-time.After(rand.N(2 * time.Second))
		if time.Now().After(end) {
			return false
		}
		Eventually(t, "the plugin is killed", func() bool {
			now := n.process(t) // it may have ended since
			return now.State == "running" && now.PID != nil && syscall.Kill(*now.PID, syscall.SIGKILL) == nil
		})
		return true
	})
	r.Allowed = r.Times * n.slots
	return r
}

// Replace replaces the plugin so many times.
func (n *Noter) Replace(t testing.TB, perSecond float64, times int) PluginRun {
	t.Helper()
	done := 0
	return n.under(t, perSecond, func() bool {
		if done == times {
			return false
		}
		done++
		if cmd, code := n.Command(t, "handlers", "replace", "work"); code != 0 {
			t.Fatalf("replace exits %d: %s", code, cmd.Output())
		}
		return true
	})
}
