package priority

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kafkaboost/boostd"
)

// PlannedTopic is a topic that the settings ask for.
type PlannedTopic struct {
	Name, Base string
	Level      boostd.Level
	Partitions int
}

// Plan lists the derived topics of those bases that are boosted, by base in the
// order given, levels ascending. Base topics are the user's own.
func (s *Settings) Plan(bases []string) []PlannedTopic {
	var plan []PlannedTopic
	for _, base := range bases {
		b, ok := s.boosts[base]
		if !ok {
			continue
		}
		for n := b.Min; n <= s.MaxPriority; n++ {
			plan = append(plan, PlannedTopic{DerivedTopic(base, n), base, n, b.PartitionsOf(n)})
		}
	}
	return plan
}

// Action is what a topic wants.
type Action uint8

// Nothing: it is as the settings ask. Create and Grow: it is missing, or has
// fewer partitions. Surplus: it has more, which stay. Conflict: it is missing,
// and Kafka would refuse it beside a topic that differs only in '.' and '_'.
const (
	Nothing Action = iota
	Create
	Grow
	Surplus
	Conflict
)

// String is the action as commands print it.
func (a Action) String() string {
	return [...]string{"nothing", "create", "grow", "note", "conflict"}[a]
}

// In a plan, BaseLevel is the level of a base topic, which has any, and
// DeadLetters that of a dead-letter topic, which has none.
const (
	BaseLevel   boostd.Level = -1
	DeadLetters boostd.Level = -2
)

// BrokerDefault leaves a number to the broker.
const BrokerDefault = -1

// TopicChange is one topic of the settings against what exists.
type TopicChange struct {
	Name, Base string
	// Level is that of a derived topic, else BaseLevel or DeadLetters.
	Level boostd.Level
	// Have is how many partitions there are, 0 for a topic that doesn't exist.
	Have int
	// Want is how many there should be, BrokerDefault for a base topic and for the
	// dead letters of one that doesn't exist.
	Want   int
	Action Action
	// Other is the topic that a conflict is with.
	Other string
}

// Changes compares the base topics, the derived topics of those that are boosted,
// and the dead-letter topics of those in deadLetters, with what exists: partitions
// by topic. It lists each base before its levels and these before its dead
// letters, in the order given, no name twice. Base topics are never grown. Dead
// letters get as many partitions as their base topic has, and keep them.
func (s *Settings) Changes(bases, deadLetters []string, have map[string]int) []TopicChange {
	d := differ{have: have, taken: make(map[string]string, len(have)), seen: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		d.taken[sameMetric(name)] = name
	}
	for _, base := range bases {
		d.add(TopicChange{Name: base, Base: base, Level: BaseLevel, Want: BrokerDefault})
		for _, p := range s.Plan([]string{base}) {
			d.add(TopicChange{Name: p.Name, Base: base, Level: p.Level, Want: p.Partitions})
		}
		if slices.Contains(deadLetters, base) {
			letters := DeadLetterTopic(base)
			d.add(TopicChange{Name: letters, Base: base, Level: DeadLetters, Want: cmp.Or(have[letters], have[base], BrokerDefault)})
		}
	}
	return d.changes
}

type differ struct {
	have    map[string]int
	taken   map[string]string // topics that are there, or will be, by what Kafka compares
	seen    map[string]bool
	changes []TopicChange
}

func (d *differ) add(c TopicChange) {
	if d.seen[c.Name] {
		return
	}
	d.seen[c.Name] = true
	partitions, exists := d.have[c.Name]
	c.Have = partitions
	other, taken := d.taken[sameMetric(c.Name)]
	switch {
	case !exists && taken:
		c.Action, c.Other = Conflict, other
	case !exists:
		c.Action = Create
		d.taken[sameMetric(c.Name)] = c.Name
	case c.Want == BrokerDefault || c.Have == c.Want:
	case c.Have < c.Want:
		c.Action = Grow
	default:
		c.Action = Surplus
	}
	d.changes = append(d.changes, c)
}

// LevelTopic is an existing topic whose name is that of a base's level.
type LevelTopic struct {
	Name, Base string
	Level      boostd.Level
	// Outside: the settings have no such topic, because the base isn't boosted or
	// the level is below its boost or above max_priority.
	Outside bool
}

// LevelTopics lists the existing topics {base}_{n} of the bases, by base in the
// order given, levels ascending. A topic that is itself a base, or that the
// document names, is nobody's level.
func (s *Settings) LevelTopics(bases []string, have map[string]int) []LevelTopic {
	found := map[string][]LevelTopic{}
	for name := range have {
		base, level, ok := CutLevel(name)
		if !ok || s.named(name) || slices.Contains(bases, name) || !slices.Contains(bases, base) {
			continue
		}
		b, boosted := s.boosts[base]
		found[base] = append(found[base], LevelTopic{name, base, level, !boosted || level < b.Min || level > s.MaxPriority})
	}
	var all []LevelTopic
	for _, base := range bases {
		slices.SortFunc(found[base], func(a, b LevelTopic) int { return cmp.Compare(a.Level, b.Level) })
		all = append(all, found[base]...)
		delete(found, base) // should a base be given twice
	}
	return all
}

// Leftovers are the level topics of boosted bases that are outside of their
// levels: nobody reads them unless they are drained.
func (s *Settings) Leftovers(bases []string, have map[string]int) []LevelTopic {
	return slices.DeleteFunc(s.LevelTopics(bases, have), func(t LevelTopic) bool {
		_, boosted := s.boosts[t.Base]
		return !t.Outside || !boosted
	})
}

// Clamp is the level that counts for one that may be outside 0 … max_priority.
func (s *Settings) Clamp(n boostd.Level) boostd.Level { return min(max(n, 0), s.MaxPriority) }
