package priority

import "github.com/kafkaboost/boostd"

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
