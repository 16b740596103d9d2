package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// What `status --json` has: others read it.
var statusKeys = map[string][]string{
	"":             {"version", "uptime_s", "instance", "settings", "summary", "levels", "consumers", "handlers", "alarms"},
	"settings":     {"version", "hash", "source", "loaded_at", "checked_at", "error"},
	"summary":      {"user_id", "max_priority", "default_priority", "topics_count", "rules_count", "boost_configs_count", "priority_boost_enabled", "current_subscription", "last_updated", "is_valid"},
	"levels":       {"level", "backlog", "in_flight", "oldest_ms", "state", "reason", "rate"},
	"levels/first": {"broker", "queued"},
	"consumers":    {"level", "group", "topics", "partitions", "state", "reason"},
	"handlers":     {"name", "kind", "slots", "busy", "mean_us", "done", "retried", "dead", "policy"},
}

func TestStatus(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9})
		p := s.Spawn(t)
		load := s.Load(t)
		load.Fill(0, 30, 100)
		load.Fill(10, 20, 100)
		load.AwaitHandled()
		rig.Eventually(t, "it is ready", func() bool { return s.Status(t).Ready })
		rig.Eventually(t, "a rate is known", func() bool { return s.Status(t).Levels[0].Rate != nil })
		raw, code := s.Command(t, "status", "--json")
		exits(t, raw, code, 0)
		checkKeys(t, []byte(raw.Stdout()))
		status := s.Status(t)
		done := map[int]uint64{}
		for _, l := range status.Levels {
			done[l.Level] = l.Done
		}
		if want := map[int]uint64{0: 30, 9: 0, 10: 20}; !maps.Equal(done, want) {
			t.Errorf("done by level: %v, want %v", done, want)
		}
		if len(status.Consumers) != 3 || len(status.Alarms) != 0 || status.Handlers[0].Done != 50 || status.Handlers[0].Kind != "noop" {
			t.Errorf("status is %+v", status)
		}
		human, code := s.Command(t, "status")
		exits(t, human, code, 0)
		says(t, human, "ready", s.Group+"_priority_10", "noop")
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
		gone, code := s.Command(t, "status")
		exits(t, gone, code, 69)
		says(t, gone, s.Control, "start it")
	})
}

func checkKeys(t *testing.T, document []byte) {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal(document, &top); err != nil {
		t.Fatal(err)
	}
	for place, keys := range statusKeys {
		object := top
		for name := range strings.SplitSeq(place, "/") {
			switch v := object[name].(type) {
			case map[string]any:
				object = v
			case []any:
				object, _ = v[0].(map[string]any)
			}
			if name == "first" {
				object, _ = object["backlog"].(map[string]any)
			}
		}
		for _, key := range keys {
			if _, ok := object[key]; !ok {
				t.Errorf("%q has no %q", place, key)
			}
		}
	}
}

// levelOf is a level's row.
func levelOf(t *testing.T, s console.Status, level int) console.Level {
	t.Helper()
	n := slices.IndexFunc(s.Levels, func(l console.Level) bool { return l.Level == level })
	if n < 0 {
		t.Fatalf("status has no level %d", level)
	}
	return s.Levels[n]
}

// A level that is paused by hand starts nothing, everybody sees who wanted it and
// why, and it outlives a rebalance and a restart; the others go on.
func TestPauseByHand(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		for _, level := range []string{"10", "3"} {
			order, code := s.Command(t, "levels", "pause", level, "--why", "a test", "--for", "1h")
			exits(t, order, code, 0)
		}
		load, paused := s.Load(t), s.Load(t)
		paused.Fill(10, 30, 100)
		load.Fill(9, 50, 100)
		load.Fill(0, 50, 100)
		paused.Fill(3, 30, 100) // behind the others: what stays undone holds the commits of what follows
		load.AwaitHandled()
		second := s.Spawn(t) // takes partitions, and gives them back
		rig.Eventually(t, "the second has partitions", second.Assigned)
		_, code := rig.Boostd(t, "levels", "pause", "10", "3", "--control", s.ControlOf(1))
		if code != 0 {
			t.Fatal("the second can't be paused")
		}
		exits(t, second, second.Terminate(), 0)
		check := func(when string) {
			t.Helper()
			for _, level := range []int{10, 3} {
				l := levelOf(t, s.Status(t), level)
				if l.State != "PAUSED" || l.Paused == nil || l.Paused.Why != "a test" || l.Paused.By == "" || l.Paused.Until == nil {
					t.Errorf("%s level %d is %+v", when, level, l)
				}
				if l.Done > 0 {
					t.Errorf("%s %d messages of the paused level %d were done", when, l.Done, level)
				}
			}
		}
		check("after a rebalance")
		exits(t, p, p.Terminate(), 0)
		p = s.Spawn(t)
		rig.Eventually(t, "it is ready again", func() bool { return rig.Ready(t, s) })
		check("after a restart")
		if waits := levelOf(t, s.Status(t), 10).Backlog; waits.Queued > 0 {
			t.Errorf("%d messages of a level whose consumer is paused were fetched", waits.Queued)
		}
		wrong, code := s.Command(t, "levels", "resume", "9")
		exits(t, wrong, code, 1)
		says(t, wrong, "level 9 is not paused by hand")
		absent, code := s.Command(t, "levels", "pause", "11")
		exits(t, absent, code, 1)
		says(t, absent, "there are levels 0 to 10")
		order, code := s.Command(t, "levels", "resume", "10", "3")
		exits(t, order, code, 0)
		lines := rig.DoneLines{Path: s.AuditPath()}
		rig.Eventually(t, "the rest is done", func() bool { return lines.Count() == 160 })
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
		clean(t, paused)
		says(t, p, "level is resumed by hand")
	})
}

// The socket and the state folder belong to one instance; what a crash has left
// of them is no hindrance.
func TestOneInstanceHasTheSocket(t *testing.T) {
	t.Parallel()
	c := clusters[0]
	s := rig.New(t, c, rig.Options{Min: 10})
	first := s.Spawn(t)
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	pid := strconv.Itoa(first.PID())
	same := rig.Spawn(t, "run", "-c", s.Path(), "--set", "state_dir=other")
	exits(t, same, same.Wait(rig.Patience), 1)
	says(t, same, "control socket "+s.Control+" belongs to the boostd with process id "+pid)
	same = rig.Spawn(t, "run", "-c", s.Path(), "--set", "control=off")
	exits(t, same, same.Wait(rig.Patience), 1)
	says(t, same, "state_dir", "belongs to the boostd with process id "+pid)
	first.Kill()
	again := s.Spawn(t)
	rig.Eventually(t, "it is ready after a crash", func() bool { return rig.Ready(t, s) })
	exits(t, again, again.Terminate(), 0)
}

// A daemon that hangs is told from one that isn't there, within two seconds.
func TestStatusOfAHungDaemon(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 10})
	p := s.Spawn(t)
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	p.Signal(syscall.SIGSTOP)
	asked, code := s.Command(t, "status")
	exits(t, asked, code, 69)
	says(t, asked, "process id "+strconv.Itoa(p.PID()), "it hangs or is stopped")
	if asked.Took() > 4*time.Second { // two of them for the answer, the rest for a busy machine
		t.Errorf("the answer took %v", asked.Took())
	}
	t.Logf("the answer took %v", asked.Took())
	p.Signal(syscall.SIGCONT)
	exits(t, p, p.Terminate(), 0)
}

// A storm of SIGHUPs, with settings that change and are broken meanwhile, loses
// and repeats nothing.
func TestHangupStorm(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Handler: "sleep: {max: 2ms}, slots: 8"})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		rebalances := s.Status(t).Consumers[0].Rebalances
		load := s.Load(t)
		for round := range 20 {
			load.Fill(0, 50, 100)
			load.Fill(10, 50, 100)
			for n := range 50 {
				if n == 25 && round%2 == 0 {
					s.WriteFile(t, "settings.json", `{"max_priority": `)
				} else if n == 25 {
					s.WriteSettings(t)
				}
				p.Signal(syscall.SIGHUP)
			}
		}
		load.AwaitHandled()
		s.WriteSettings(t)
		order, code := s.Command(t, "settings", "reload")
		exits(t, order, code, 0)
		rig.Eventually(t, "the alarm is over", func() bool { return rig.Alarm(s.Status(t), "settings") == "" })
		status := s.Status(t)
		if !status.Ready || status.Settings.Error != "" {
			t.Errorf("status is %+v", status)
		}
		if n := status.Consumers[0].Rebalances; n != rebalances {
			t.Errorf("%d rebalances, before the storm %d", n, rebalances)
		}
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// What is wrong is refused with its reason, and changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 9})
	p := s.Spawn(t)
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	hash := s.Status(t).Settings.Hash
	order, code := s.Command(t, "settings", "reload")
	exits(t, order, code, 0)
	says(t, order, "have not changed")
	boost := `"Priority_boost":[{"topic_name":"` + s.Base + `","priority_boost_min_value":9,"number_of_partitions":3}]`
	for _, refused := range []struct{ document, says string }{
		{`{"max_priority":10,"default_priority":12,` + boost + `}`, "/default_priority"},
		{`{"max_priority":10,`, "settings.json"},
	} {
		s.WriteFile(t, "settings.json", refused.document)
		order, code := s.Command(t, "settings", "reload")
		exits(t, order, code, 1)
		says(t, order, refused.says)
		rig.Eventually(t, "the alarm", func() bool { return strings.Contains(rig.Alarm(s.Status(t), "settings"), refused.says) })
		if status := s.Status(t); status.Settings.Hash != hash || status.Settings.Error == "" || !status.Ready {
			t.Errorf("after a refusal status is %+v", status)
		}
	}
	s.WriteFile(t, "settings.json", `{"max_priority":10,"default_priority":4,`+boost+`}`)
	order, code = s.Command(t, "settings", "reload", "--json")
	exits(t, order, code, 0) // it may have seen the change by itself
	load := s.Load(t)
	load.Fill(0, 10, 100) // without a priority of their own
	rig.Eventually(t, "they have the new default", func() bool {
		status := s.Status(t)
		n := slices.IndexFunc(status.Levels, func(l console.Level) bool { return l.Level == 4 })
		return n >= 0 && status.Levels[n].Done == 10 && rig.Alarm(status, "settings") == ""
	})
	exits(t, p, p.Terminate(), 0)
}
