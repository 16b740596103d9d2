//go:build acceptance

package acceptance

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/rig"
)

// Settings are changed a hundred times under full load, with fifty mistakes in
// between: nothing is lost, repeated or inverted, and levels that no change concerns
// never rebalance, as the brokers have it.
func TestSettingsChangeAtNoon(t *testing.T) {
	const perSecond, seconds = 20_000, 60
	s := rig.New(t, kafka, rig.Options{Min: steadyLow, Max: steadyHigh, Handler: "noop: {}, slots: 16"})
	m := newMayhem(t, s)
	m.settle()
	p := s.SpawnPreferred(t)
	rig.EventuallyIn(t, rig.Patience, "it is ready", func() bool { return rig.Ready(t, s) })
	before := generations(t, s.Config.Brokers)
	rig.Eventually(t, "the rebalances of the start are over", func() bool {
		was := before
		before = generations(t, s.Config.Brokers)
		return maps.Equal(was, before)
	})
	load := s.Load(t)
	ctx, end := context.WithTimeout(t.Context(), seconds*time.Second)
	defer end()
	steady := []boostd.Level{0, 6, 7, 8, 9, 10}
	var streams sync.WaitGroup
	for _, level := range steady {
		streams.Go(func() { flood(ctx, load, level, perSecond/len(steady)) })
	}
	m.changes(load, 100, 50)
	m.settle()
	<-ctx.Done()
	streams.Wait()
	load.Flush()
	load.AwaitHandled()
	after := generations(t, s.Config.Brokers)
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	v := load.Verdict()
	t.Log(rig.Describe(v))
	t.Logf("changes: %v; rules and policies in force after p50 %v, p99 %v", m.made, quantile(m.took, 0.5), quantile(m.took, 0.99))
	if v.Lost+v.Duplicates+v.Inversions+v.BlindInversions > 0 {
		t.Errorf("lost %d, repeated %d, inversions %d and %d; want none", v.Lost, v.Duplicates, v.Inversions, v.BlindInversions)
	}
	for kind, n := range m.made {
		if n < 10 {
			t.Errorf("%d changes of %s, want at least 10", n, kind)
		}
	}
	if q := quantile(m.took, 0.99); q > 250*time.Millisecond {
		t.Errorf("changes of rules and policies take %v (p99)", q)
	}
	for _, level := range steady {
		group := priority.LevelGroup(s.Group, level)
		if level == 0 {
			group = priority.BaseGroup(s.Group)
		}
		if before[group] == 0 || after[group] != before[group] {
			t.Errorf("group %s has generation %d, before the changes %d", group, after[group], before[group])
		}
	}
}

// flood sends perSecond messages a second of one level until ctx ends.
func flood(ctx context.Context, load *rig.Load, level boostd.Level, perSecond int) {
	const step = 5 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	began, sent := time.Now(), 0
	value := []byte(`{"kind": "plain", "text": "a message of about a hundred bytes, which is what most of them have"}`)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for due := int(time.Since(began).Seconds() * float64(perSecond)); sent < due; sent++ {
			load.Send(rig.Message{Level: level, Key: fmt.Append(nil, level, "/", sent), Value: value, Stamped: true})
		}
	}
}

const steadyLow, steadyHigh = 6, 10

// mayhem changes the settings at random.
type mayhem struct {
	t      *testing.T
	s      *rig.Setup
	random *rand.Rand
	other  string // a second topic
	// What the document says now.
	low, high, rule, policy int
	boosted                 bool
	partitions              map[int]int
	made                    map[string]int
	took                    []time.Duration
}

func newMayhem(t *testing.T, s *rig.Setup) *mayhem {
	m := &mayhem{t: t, s: s, random: rand.New(rand.NewPCG(8, 8)), other: s.Base + "-more",
		low: steadyLow, high: steadyHigh, partitions: map[int]int{}, made: map[string]int{}}
	s.EnsureTopics(t, m.other)
	config, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	s.WriteFile(t, "boostd.yaml", strings.Replace(string(config), "handlers:\n", fmt.Sprintf("  %s: {handler: work}\nhandlers:\n", m.other), 1))
	return m
}

// settle writes settings with the steady levels alone.
func (m *mayhem) settle() {
	m.low, m.high, m.boosted = steadyLow, steadyHigh, false
	m.write()
}

// kinds are the changes: each says whether it could be made.
var kinds = map[string]func(m *mayhem) bool{
	"minimum raised":  func(m *mayhem) bool { m.low++; return m.low <= steadyLow },
	"minimum lowered": func(m *mayhem) bool { m.low--; return m.low >= 2 },
	"max": func(m *mayhem) bool {
		m.high = steadyHigh + (m.high-steadyHigh+1+m.random.IntN(2))%3
		return true
	},
	"partitions": func(m *mayhem) bool {
		level := steadyHigh + 1 + m.random.IntN(2)
		m.partitions[level] = max(m.partitions[level], 3) + 1
		return m.high >= level
	},
	"rules":         func(m *mayhem) bool { m.rule++; return true },
	"topic added":   func(m *mayhem) bool { was := m.boosted; m.boosted = true; return !was && m.high > steadyHigh },
	"topic removed": func(m *mayhem) bool { was := m.boosted; m.boosted = false; return was },
	"policy":        func(m *mayhem) bool { m.policy++; return true },
}

// changes makes valid changes, with mistakes in between.
func (m *mayhem) changes(load *rig.Load, valid, mistakes int) {
	m.t.Helper()
	for n := range valid {
		kind := m.change()
		m.made[kind]++
		m.t.Logf("%d: %s", n, kind)
		began := time.Now()
		m.write()
		status := m.await()
		if kind == "rules" || kind == "policy" {
			m.took = append(m.took, status.Settings.LoadedAt.Sub(began))
		}
		m.send(load)
		if m.random.IntN(valid) < mistakes || valid-n <= mistakes-m.made["mistake"] {
			m.mistake()
		}
	}
}

// change changes what the document says, if it can in a way that was seldom made.
func (m *mayhem) change() string {
	names := slices.Sorted(maps.Keys(kinds))
	for try := 0; ; try++ {
		least := slices.MinFunc(names, func(a, b string) int { return m.made[a] - m.made[b] })
		name := names[m.random.IntN(len(names))]
		if m.made[name] > m.made[least]+2 && try < 100 {
			continue
		}
		was, partitions := *m, maps.Clone(m.partitions)
		if kinds[name](m) {
			return name
		}
		*m, m.partitions = was, partitions
	}
}

func (m *mayhem) document() string {
	boosts := m.boost(m.s.Base, m.low)
	if m.boosted {
		boosts += "," + m.boost(m.other, steadyHigh+1)
	}
	policies := []string{`{}`, `{"max_wait": "10m"}`, `{"max_wait": "20m"}`}
	return fmt.Sprintf(`{"max_priority": %d, "default_priority": 0, "Priority_boost": [%s],
		"Rule_Base_priority": [{"role_name": "kind", "value": "rare%d", "priority": 5}],
		"boostd": {"policy": %s}}`, m.high, boosts, m.rule, policies[m.policy%len(policies)])
}

func (m *mayhem) boost(topic string, low int) string {
	var own []string
	for level := low; level <= m.high; level++ {
		if n := m.partitions[level]; n > 0 {
			own = append(own, fmt.Sprintf(`"%d": %d`, level, n))
		}
	}
	return fmt.Sprintf(`{"topic_name": %q, "priority_boost_min_value": %d, "number_of_partitions": 3, "partitions_by_level": {%s}}`,
		topic, low, strings.Join(own, ", "))
}

func (m *mayhem) write() {
	m.s.WriteFile(m.t, "t.json", m.document())
	if err := os.Rename(filepath.Join(m.s.Dir, "t.json"), filepath.Join(m.s.Dir, "settings.json")); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mayhem) await() (status console.Status) {
	m.t.Helper()
	hash := configwatch.Hash([]byte(m.document()))
	rig.Eventually(m.t, "the change is in force", func() bool {
		status = m.s.Status(m.t)
		return status.Settings.Hash == hash
	})
	return status
}

// send sends something to the levels that come and go. In the ledger it is of level
// 0: it waits until its consumer has joined, and nobody waits for it.
func (m *mayhem) send(load *rig.Load) {
	for level := m.low; level <= m.high; level++ {
		if level < steadyLow || level > steadyHigh {
			for range 20 {
				load.Send(rig.Message{Topic: priority.DerivedTopic(m.s.Base, boostd.Level(level))})
			}
		}
	}
	if m.boosted && m.high > steadyHigh {
		load.Send(rig.Message{Topic: priority.DerivedTopic(m.other, steadyHigh+1)})
	}
}

// mistake writes a document that can't be used, and waits until that is told.
func (m *mayhem) mistake() {
	m.t.Helper()
	good := m.document()
	bad := []string{
		good[:len(good)/2],
		"",
		"[1, 2]",
		strings.Replace(good, `"max_priority": `, `"max_priority": -`, 1),
		strings.Replace(good, `"default_priority": 0`, `"default_priority": 99`, 1),
		strings.Replace(good, `"policy": {`, `"policy": {"reserve": {"9": 500}, `, 1),
		strings.Replace(good, `"priority": 5`, `"priority": "five"`, 1),
	}[m.made["mistake"]%7]
	m.made["mistake"]++
	m.s.WriteFile(m.t, "settings.json", bad)
	rig.Eventually(m.t, "the mistake is told", func() bool { return m.s.Status(m.t).Settings.Error != "" })
	m.write()
	m.await()
}

// quantile of what isn't sorted.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
