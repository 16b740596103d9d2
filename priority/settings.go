package priority

import (
	"fmt"

	"github.com/kafkaboost/boostd"
)

// Limits of a settings document.
const (
	// MaxDocument is the largest document in bytes.
	MaxDocument = 1 << 20
	// MaxLevel is the largest max_priority.
	MaxLevel = 1000
	// MaxTopics is the most derived topics that a document may ask for.
	MaxTopics = 10_000

	defaultMaxPriority = 10
)

// Settings is a validated settings document. It is not changed after Parse and
// may be shared.
type Settings struct {
	UserID          string
	MaxPriority     boostd.Level
	DefaultPriority boostd.Level
	Boosts          []Boost
	Topics          []TopicPriority
	// Rules is how many entries Rule_Base_priority has; they have no effect yet.
	Rules int

	boosts map[string]Boost
	topics map[string]boostd.Level
}

// Boost makes a topic boosted: its levels from Min on have topics of their own.
type Boost struct {
	Topic string
	Min   boostd.Level
	// Partitions of each derived topic, at least 1.
	Partitions int
}

// TopicPriority gives a topic's messages a priority.
type TopicPriority struct {
	Topic    string
	Priority boostd.Level
}

// Boost returns how a topic is boosted, and whether it is.
func (s *Settings) Boost(topic string) (Boost, bool) {
	b, ok := s.boosts[topic]
	return b, ok
}

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
			plan = append(plan, PlannedTopic{DerivedTopic(base, n), base, n, b.Partitions})
		}
	}
	return plan
}

// check finds what is wrong with the document as a whole.
func (s *Settings) check(at func(pointer string) Problem, report func(Problem)) {
	wrong := func(pointer, format string, args ...any) {
		p := at(pointer)
		p.Text = fmt.Sprintf(format, args...)
		report(p)
	}
	if s.MaxPriority < 0 || s.MaxPriority > MaxLevel {
		wrong("/max_priority", "is %d: want 0 to %d", s.MaxPriority, MaxLevel)
		return // everything else is measured against it
	}
	if s.DefaultPriority < 0 || s.DefaultPriority > s.MaxPriority {
		wrong("/default_priority", "is %d: want 0 to max_priority, which is %d", s.DefaultPriority, s.MaxPriority)
	}
	s.boosts, s.topics = map[string]Boost{}, map[string]boostd.Level{}
	configured := map[string]string{}
	topics := 0
	for n, b := range s.Boosts {
		pointer := fmt.Sprintf("/Priority_boost/%d", n)
		if _, twice := s.boosts[b.Topic]; twice {
			wrong(pointer+"/topic_name", "topic %q is boosted twice", b.Topic)
		}
		s.boosts[b.Topic] = b
		configured[sameMetric(b.Topic)] = b.Topic
		if err := CheckTopic(DerivedTopic(b.Topic, s.MaxPriority)); err != nil || CheckTopic(b.Topic) != nil {
			if own := CheckTopic(b.Topic); own != nil {
				err = own
			}
			wrong(pointer+"/topic_name", "%v", err)
		}
		if b.Min < 0 || b.Min > s.MaxPriority {
			wrong(pointer+"/priority_boost_min_value", "is %d: want 0 to max_priority, which is %d", b.Min, s.MaxPriority)
			continue
		}
		topics += int(s.MaxPriority-b.Min) + 1
	}
	if topics > MaxTopics {
		wrong("/Priority_boost", "asks for %d topics: want at most %d", topics, MaxTopics)
		return
	}
	for n, t := range s.Topics {
		pointer := fmt.Sprintf("/Topics_priority/%d", n)
		if _, twice := s.topics[t.Topic]; twice {
			wrong(pointer+"/topic", "topic %q has two priorities", t.Topic)
		}
		s.topics[t.Topic] = t.Priority
		if err := CheckTopic(t.Topic); err != nil {
			wrong(pointer+"/topic", "%v", err)
		}
		if t.Priority < 0 || t.Priority > s.MaxPriority {
			wrong(pointer+"/priority", "is %d: want 0 to max_priority, which is %d", t.Priority, s.MaxPriority)
		}
		configured[sameMetric(t.Topic)] = t.Topic
	}
	s.checkDerived(configured, wrong)
}

// checkDerived finds derived names that are taken: by a configured topic, or by
// another base's derived name. Kafka takes '.' and '_' for the same.
func (s *Settings) checkDerived(configured map[string]string, wrong func(pointer, format string, args ...any)) {
	derived := map[string]string{}
	for n, b := range s.Boosts {
		pointer := fmt.Sprintf("/Priority_boost/%d/topic_name", n)
		if s.boosts[b.Topic] != b {
			continue // boosted twice: told already
		}
		for l := max(b.Min, 0); l <= s.MaxPriority; l++ {
			name := DerivedTopic(b.Topic, l)
			if other, taken := configured[sameMetric(name)]; taken {
				wrong(pointer, "level %d of %q would use topic %q, which is configured itself as %q", l, b.Topic, name, other)
			}
			if other, taken := derived[sameMetric(name)]; taken {
				wrong(pointer, "level %d of %q would use topic %q, which %q uses too", l, b.Topic, name, other)
			}
			derived[sameMetric(name)] = b.Topic
		}
	}
}
