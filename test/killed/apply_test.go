package killed

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/rig"
)

// worlds are the daemons that are killed beside each other.
const worlds = 4

func TestKilledInAnApplication(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	var mu sync.Mutex
	t.Run("worlds", func(t *testing.T) {
		for n := range worlds {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				a := newApplied(t)
				for range applications / worlds {
					a.kill(t)
				}
				a.end(t)
				mu.Lock()
				defer mu.Unlock()
				add(found, a.found)
			})
		}
	})
	t.Logf("%d kills: %v", applications, found)
}

// document is one version of the settings.
type document struct {
	text     string
	min, max int
}

// applied is a daemon that is killed while it puts documents into force.
type applied struct {
	setup   *rig.Setup
	load    *rig.Load
	daemon  *rig.Process
	made    int
	current document // is in force
	found   map[string]int
	aim     aim
}

// newApplied starts a daemon and measures changes.
func newApplied(t *testing.T) *applied {
	t.Helper()
	s := rig.New(t, kafka, rig.Options{Min: 7})
	a := &applied{setup: s, load: s.Load(t), found: map[string]int{}}
	a.current = a.next()
	a.write(t, a.current)
	a.daemon = s.Spawn(t)
	a.started(t)
	var took []time.Duration
	for range 5 {
		next := a.next()
		began := time.Now()
		a.write(t, next)
		rig.Eventually(t, "a change is in force", func() bool { return a.status(t).Settings.Hash == hash(next.text) })
		took = append(took, time.Since(began))
		a.current = next
	}
	slices.Sort(took)
	const quiet = 100 * time.Millisecond // as long the daemon waits for more
	a.aim = between(quiet, took[len(took)/2])
	t.Logf("changes are in force after %v", took)
	return a
}

// next is another document each time: levels come and go, one gets partitions,
// rules and the policy change.
func (a *applied) next() document {
	a.made++
	n := a.made
	d := document{min: 7 - n/2%3, max: 10 + n%3}
	d.text = fmt.Sprintf(`{"max_priority": %d, "default_priority": 0,
		"Rule_Base_priority": [{"role_name": "kind", "value": "rare%d", "priority": 5}],
		"Priority_boost": [{"topic_name": %q, "priority_boost_min_value": %d, "number_of_partitions": 3, "partitions_by_level": {"10": %d}}],
		"boostd": {"policy": {"max_wait": "%dm"}}}`,
		d.max, n, a.setup.Base, d.min, 3+n/16, 10+n%2)
	return d
}

func (a *applied) path() string { return filepath.Join(a.setup.Dir, "settings.json") }

func (a *applied) write(t *testing.T, d document) {
	t.Helper()
	a.setup.WriteFile(t, "next.json", d.text)
	if err := os.Rename(filepath.Join(a.setup.Dir, "next.json"), a.path()); err != nil {
		t.Fatal(err)
	}
}

// status is empty while nobody answers.
func (a *applied) status(t *testing.T) console.Status {
	s, err := console.Dial(a.setup.Control).Status(t.Context())
	if err != nil {
		return console.Status{}
	}
	return *s
}

// started waits until the daemon watches its settings.
func (a *applied) started(t *testing.T) (s console.Status) {
	t.Helper()
	rig.Eventually(t, "it runs", func() bool {
		s = a.status(t)
		return s.Phase == "running" && len(s.Consumers) > 0
	})
	return s
}

// kill has one change put into force, ends the daemon somewhere in it, and looks
// what the next start has where the settings are away.
func (a *applied) kill(t *testing.T) {
	t.Helper()
	for level := a.current.min; level <= a.current.max; level++ {
		a.load.Send(rig.Message{Topic: priority.DerivedTopic(a.setup.Base, boostd.Level(level))})
	}
	next := a.next()
	a.write(t, next)
	a.aim.wait()
	a.daemon.Kill()
	if err := os.Remove(a.path()); err != nil {
		t.Fatal(err)
	}
	a.daemon = a.setup.Spawn(t)
	s := a.started(t)
	switch s.Settings.Hash {
	case hash(next.text):
		a.found["new"]++
		a.aim.late()
		a.current = next
	case hash(a.current.text):
		a.found["old"]++
		a.aim.early()
	default:
		t.Fatalf("it starts with neither the old document nor the new one: %+v", s.Settings)
	}
	a.whole(t, s)
}

// whole checks that all of the document is in force, and that the state folder has
// nothing else.
func (a *applied) whole(t *testing.T, s console.Status) {
	t.Helper()
	if s.Summary == nil || s.Summary.MaxPriority != a.current.max {
		t.Errorf("%d is the highest level: %+v", a.current.max, s.Summary)
	}
	read := map[string]bool{}
	for _, c := range s.Consumers {
		for _, topic := range c.Topics {
			read[topic] = true
		}
	}
	for level := a.current.min; level <= a.current.max; level++ {
		if topic := priority.DerivedTopic(a.setup.Base, boostd.Level(level)); !read[topic] {
			t.Errorf("nobody reads %s: %v", topic, s.Consumers)
		}
	}
	if !strings.Contains(s.Settings.Error, "no such file") {
		t.Errorf("it doesn't say that its settings are away: %+v", s.Settings)
	}
	if a.daemon.Says("not usable", "copy") || a.daemon.Says("are not known") {
		t.Errorf("its state is broken:\n%s", a.daemon.Output())
	}
	files, err := os.ReadDir(filepath.Join(a.setup.Dir, a.setup.StateOf(0)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if temporary.MatchString(f.Name()) {
			t.Errorf("%s is left after the next start", f.Name())
		}
	}
}

// end checks that no message was lost, whatever was a level's topic meanwhile.
func (a *applied) end(t *testing.T) {
	t.Helper()
	a.write(t, a.current)
	a.load.Flush()
	a.load.AwaitHandled()
	if code := a.daemon.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if v := a.load.Verdict(); v.Lost > 0 {
		t.Error(rig.Describe(v))
	}
}
