package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// breakSettings are ways in which settings are not usable, and what is said.
var breakSettings = map[string]struct {
	do   func(t *testing.T, s *rig.Setup)
	says string
}{
	"absent": {func(t *testing.T, s *rig.Setup) {
		if err := os.Remove(filepath.Join(s.Dir, "settings.json")); err != nil {
			t.Fatal(err)
		}
	}, "no such file"},
	"torn":    {func(t *testing.T, s *rig.Setup) { s.WriteFile(t, "settings.json", `{"max_priority": 10,`) }, "settings.json"},
	"invalid": {func(t *testing.T, s *rig.Setup) { s.WriteFile(t, "settings.json", `{"max_priority": "ten"}`) }, "max_priority"},
}

// Without good settings the daemon says so, consumes nothing, and begins as
// soon as they are good.
func TestSettingsThatComeLater(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		for name, how := range breakSettings {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := rig.New(t, c, rig.Options{Min: 10})
				how.do(t, s)
				p := s.Spawn(t)
				rig.Eventually(t, "it says that settings are not usable", func() bool { return p.Says("settings are not usable", how.says) })
				if p.Says(`"running"`) {
					t.Error("it claims to run")
				}
				s.WriteSettings(t)
				load := s.Load(t)
				load.Fill(0, 10, 100)
				load.Fill(10, 10, 100)
				load.AwaitHandled()
				exits(t, p, p.Terminate(), 0)
				clean(t, load)
			})
		}
	})
}

// A signal while there are no good settings is a clean stop.
func TestSignalWhileWaitingForSettings(t *testing.T) {
	t.Parallel()
	for name, how := range breakSettings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rig.Plan(t, nowhere, rig.Options{Min: 10})
			how.do(t, s)
			p := s.Spawn(t)
			rig.Eventually(t, "it says that settings are not usable", func() bool { return p.Says("settings are not usable") })
			exits(t, p, p.Terminate(), 0)
		})
	}
}

// otherDefault is the settings document with another default priority.
func otherDefault(s *rig.Setup, n int) string {
	return fmt.Sprintf(`{"max_priority":10,"default_priority":%d,"Priority_boost":[{"topic_name":%q,"priority_boost_min_value":9,"number_of_partitions":3}]}`, n, s.Base)
}

// A change of the file is seen without being asked for; a mistake changes nothing,
// and is told once until it is mended.
func TestSettingsFileIsWatched(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 9})
	p := s.Spawn(t)
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	defaultIs := func(n int) func() bool {
		return func() bool { return s.Status(t).Summary.DefaultPriority == n }
	}
	for n := 1; n <= 5; n++ {
		s.WriteFile(t, "settings.json", otherDefault(s, n))
		rig.Eventually(t, "the change is in force", defaultIs(n))
	}
	hash := s.Status(t).Settings.Hash
	s.WriteFile(t, "settings.json", `{"max_priority":10,"default_priority":77}`)
	rig.Eventually(t, "the mistake is an alarm", func() bool {
		return strings.Contains(rig.Alarm(s.Status(t), "settings"), "/default_priority")
	})
	if status := s.Status(t); status.Settings.Hash != hash || !strings.Contains(status.Settings.Error, "/default_priority") || !status.Ready {
		t.Errorf("after a mistake status is %+v", status.Settings)
	}
	for range 3 { // it is seen again, and not told again
		exits(t, p, func() int { _, code := s.Command(t, "settings", "reload"); return code }(), 1)
	}
	if n := strings.Count(p.Output(), "settings are refused"); n != 1 {
		t.Errorf("the log tells of the mistake %d times", n)
	}
	s.WriteFile(t, "settings.json", otherDefault(s, 6))
	rig.Eventually(t, "the next is in force", defaultIs(6))
	rig.Eventually(t, "the alarm is over", func() bool { return rig.Alarm(s.Status(t), "settings") == "" })
	exits(t, p, p.Terminate(), 0)
}

// Without their source, or with a bad document there, a start has the last good
// settings and says so.
func TestStartWithTheLastGoodSettings(t *testing.T) {
	t.Parallel()
	for name, how := range breakSettings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rig.New(t, clusters[0], rig.Options{Min: 9})
			s.WriteFile(t, "settings.json", otherDefault(s, 7))
			p := s.Spawn(t)
			rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
			before := s.Status(t).Settings
			p.Kill()
			how.do(t, s)
			p = s.Spawn(t)
			rig.Eventually(t, "it is ready again", func() bool { return rig.Ready(t, s) })
			rig.Eventually(t, "there is an alarm", func() bool { return strings.Contains(rig.Alarm(s.Status(t), "settings"), how.says) })
			status := s.Status(t)
			if status.Settings.Hash != before.Hash || status.Settings.Version != before.Version ||
				status.Settings.Error == "" || status.Summary.DefaultPriority != 7 {
				t.Errorf("it runs with %+v, before %+v", status.Settings, before)
			}
			if !p.Says("the last good ones are in force") {
				t.Error("the log doesn't say so")
			}
			s.WriteFile(t, "settings.json", otherDefault(s, 8))
			rig.Eventually(t, "good settings take their place", func() bool {
				status := s.Status(t)
				return status.Summary.DefaultPriority == 8 && status.Settings.Error == "" && rig.Alarm(status, "settings") == ""
			})
			exits(t, p, p.Terminate(), 0)
		})
	}
}

// badFiles are what may come to lie in the place of the settings, and what is said.
var badFiles = []struct {
	name, says string
	put        func(path string) error
}{
	{"truncated", "ends in the middle", func(path string) error { return os.WriteFile(path, []byte(`{"max_priority": 10, "Prio`), 0o600) }},
	{"empty", "is empty", func(path string) error { return os.WriteFile(path, nil, 0o600) }},
	{"huge", "larger than 1048576 bytes", func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Truncate(100<<20), f.Close())
	}},
	{"no JSON", "settings.json: 1:1: ", func(path string) error { return os.WriteFile(path, []byte("max_priority = 10\n"), 0o600) }},
	{"of another shape", "want", func(path string) error { return os.WriteFile(path, []byte(`[{"max_priority": 10}]`), 0o600) }},
	{"a folder", "is a directory", func(path string) error { return os.Mkdir(path, 0o700) }},
	{"deleted", "no such file", func(string) error { return nil }},
	{"a loop of links", "too many levels of symbolic links", func(path string) error { return os.Symlink(path, path) }},
	{"a pipe", "want a file", func(path string) error { return syscall.Mkfifo(path, 0o600) }},
}

// Whatever lies in the place of the settings, the daemon keeps those that it has,
// says what is wrong, and takes good ones as soon as they are there.
func TestBadSettingsFiles(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 9})
	p := s.Spawn(t)
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	load := s.Load(t)
	path := filepath.Join(s.Dir, "settings.json")
	for n, bad := range badFiles {
		hash := s.Status(t).Settings.Hash
		if err := errors.Join(os.RemoveAll(path), bad.put(path)); err != nil {
			t.Fatal(err)
		}
		rig.Eventually(t, bad.name+": it is told", func() bool {
			return strings.Contains(s.Status(t).Settings.Error, bad.says) && strings.Contains(rig.Alarm(s.Status(t), "settings"), bad.says)
		})
		load.Fill(10, 10, 100)
		if status := s.Status(t); status.Settings.Hash != hash || !status.Ready {
			t.Errorf("%s: status is %+v", bad.name, status.Settings)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		s.WriteFile(t, "settings.json", otherDefault(s, n+1))
		rig.Eventually(t, bad.name+": good ones are in force", func() bool {
			status := s.Status(t)
			return status.Summary.DefaultPriority == n+1 && status.Settings.Error == ""
		})
	}
	load.AwaitHandled()
	exits(t, p, p.Terminate(), 0)
	clean(t, load)
}
