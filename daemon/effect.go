package daemon

import (
	"maps"
	"slices"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/priority"
)

// Effect is what other settings would change in a daemon that runs.
type Effect struct {
	// NewTopics are made where they are missing; RetiredTopics are read until they
	// are empty.
	NewTopics     []string `json:"new_topics"`
	RetiredTopics []string `json:"retired_topics"`
	// GrownTopics get more partitions, so that keys go to others from then on. They
	// never get fewer.
	GrownTopics []Growth `json:"grown_topics"`
	// Added and Changed are consumers by name, base or the level's number, with the
	// handler's where there are several: a level that comes, and one that gets other
	// topics. No other level's group rebalances.
	Added   []string `json:"consumers_added"`
	Changed []string `json:"consumers_changed"`
	// Retired are the consumers that end when their topics are empty.
	Retired []string `json:"consumers_retired"`
	// Policies are the handlers that get another policy.
	Policies []string `json:"policies_changed"`
}

// EffectOf compares two settings under a boostd.yaml. Old may be nil.
func EffectOf(config *conf.File, old, next *priority.Settings) Effect {
	d := &Daemon{}
	d.config.Store(config)
	e := Effect{NewTopics: []string{}, RetiredTopics: []string{}, GrownTopics: []Growth{}, Added: []string{}, Changed: []string{}, Retired: []string{}, Policies: []string{}}
	bases := slices.Sorted(maps.Keys(config.Topics))
	after := next.Plan(bases)
	var before []priority.PlannedTopic
	var running []member
	if old != nil {
		before = old.Plan(bases)
		for _, p := range d.planConsumers(old) {
			running = append(running, member{plan: p})
		}
		e.Policies = append(e.Policies, otherPolicies(ruling{config, document{settings: old}}, ruling{config, document{settings: next}})...)
	}
	e.NewTopics = append(e.NewTopics, missingFrom(before, after)...)
	e.RetiredTopics = append(e.RetiredTopics, missingFrom(after, before)...)
	for _, t := range after {
		n := slices.IndexFunc(before, func(o priority.PlannedTopic) bool { return o.Name == t.Name })
		if n >= 0 && before[n].Partitions < t.Partitions {
			e.GrownTopics = append(e.GrownTopics, Growth{t.Name, before[n].Partitions, t.Partitions})
		}
	}
	change := compare(running, d.planConsumers(next))
	for _, p := range change.added {
		e.Added = append(e.Added, p.name)
	}
	for _, p := range change.changed {
		e.Changed = append(e.Changed, p.name)
	}
	for _, m := range change.gone {
		e.Retired = append(e.Retired, m.plan.name)
	}
	return e
}

// Growth is a topic's number of partitions, as settings ask for it.
type Growth struct {
	Topic string `json:"topic"`
	From  int    `json:"from"`
	To    int    `json:"to"`
}

// Nothing reports whether the two differ in rules and priorities alone, if at all.
func (e Effect) Nothing() bool {
	return len(e.NewTopics)+len(e.RetiredTopics)+len(e.GrownTopics)+len(e.Added)+len(e.Changed)+len(e.Retired)+len(e.Policies) == 0
}

// Check finds the policies that can't work together with a boostd.yaml.
func Check(config *conf.File, settings *priority.Settings) error {
	return checkPolicies(config, settings)
}
