package priority

import (
	"fmt"
	"maps"
	"slices"

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
	// MaxExpressions is the most rules with an expression: each is evaluated for
	// every message that may be theirs.
	MaxExpressions = 50

	maxPartitions      = 10_000
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
	// Rules are those of Rule_Base_priority, then those of boostd.rules.
	Rules []*Rule
	// ValuePriority says when the priority that stands in a value counts.
	ValuePriority ValuePriority
	// RulesByRole makes the rules of Rule_Base_priority match as KafkaBoost 0.2.0
	// did: the message's field role is the rule's role_name, whatever value is.
	RulesByRole bool
	// Policy is what priority means, nil where the document doesn't say.
	Policy *Policy

	unknown []member
	boosts  map[string]Boost
	topics  map[string]boostd.Level
}

// ValuePriority says when the priority that stands in a value counts. KafkaBoost's
// producer writes one into every message, the default too.
type ValuePriority uint8

// Always; unless it is default_priority, so that rules and topics can raise it;
// never.
const (
	ValueAlways ValuePriority = iota
	ValueUnlessDefault
	ValueNever
)

// Boost makes a topic boosted: its levels from Min on have topics of their own.
type Boost struct {
	Topic string
	Min   boostd.Level
	// Partitions of each derived topic, at least 1.
	Partitions int
	// ByLevel are the partitions of levels that have another number.
	ByLevel map[boostd.Level]int

	unknown []member
}

// PartitionsOf is how many partitions a level's topic should have.
func (b Boost) PartitionsOf(n boostd.Level) int {
	if own, ok := b.ByLevel[n]; ok {
		return own
	}
	return b.Partitions
}

// TopicPriority gives a topic's messages a priority.
type TopicPriority struct {
	Topic    string
	Priority boostd.Level

	unknown []member
}

// Boost returns how a topic is boosted, and whether it is.
func (s *Settings) Boost(topic string) (Boost, bool) {
	b, ok := s.boosts[topic]
	return b, ok
}

// named reports whether the document names a topic itself.
func (s *Settings) named(topic string) bool {
	_, boosted := s.boosts[topic]
	_, prioritised := s.topics[topic]
	return boosted || prioritised
}

// report tells a problem at a place in the document.
type report func(pointer, format string, args ...any)

// check finds what is wrong with the document as a whole. Topics without a name
// have been told already.
func (s *Settings) check(wrong report) {
	if s.MaxPriority < 0 || s.MaxPriority > MaxLevel {
		wrong("/max_priority", "is %d: want 0 to %d", s.MaxPriority, MaxLevel)
		return // everything else is measured against it
	}
	s.checkLevel(wrong, "/default_priority", s.DefaultPriority)
	s.topics = map[string]boostd.Level{}
	for n, t := range s.Topics {
		pointer := fmt.Sprintf("/Topics_priority/%d", n)
		if _, twice := s.topics[t.Topic]; twice && t.Topic != "" {
			wrong(pointer+"/topic", "topic %q has two priorities", t.Topic)
		}
		s.topics[t.Topic] = t.Priority
		s.checkLevel(wrong, pointer+"/priority", t.Priority)
	}
	s.boosts = map[string]Boost{}
	topics := 0
	for n, b := range s.Boosts {
		pointer := fmt.Sprintf("/Priority_boost/%d", n)
		if _, twice := s.boosts[b.Topic]; twice && b.Topic != "" {
			wrong(pointer+"/topic_name", "topic %q is boosted twice", b.Topic)
		}
		s.boosts[b.Topic] = b
		if s.checkLevel(wrong, pointer+"/priority_boost_min_value", b.Min) {
			topics += int(s.MaxPriority-b.Min) + 1
		}
		for _, level := range slices.Sorted(maps.Keys(b.ByLevel)) {
			if level < b.Min || level > s.MaxPriority {
				wrong(fmt.Sprintf("%s/partitions_by_level/%d", pointer, level), "level %d has no topic: want %d to %d", level, b.Min, s.MaxPriority)
			}
		}
	}
	for _, rule := range s.Rules {
		s.checkLevel(wrong, rule.pointer+"/priority", rule.Priority)
	}
	s.checkPolicy(wrong)
	if topics > MaxTopics {
		wrong("/Priority_boost", "asks for %d topics: want at most %d", topics, MaxTopics)
		return
	}
	s.checkDerived(wrong)
}

func (s *Settings) checkLevel(wrong report, pointer string, l boostd.Level) bool {
	ok := 0 <= l && l <= s.MaxPriority
	if !ok {
		wrong(pointer, "is %d: want 0 to max_priority, which is %d", l, s.MaxPriority)
	}
	return ok
}

// checkDerived finds derived names that are too long or taken: by a configured
// topic, or by another base's derived name. Kafka takes '.' and '_' for the
// same. One problem a base is enough.
func (s *Settings) checkDerived(wrong report) {
	configured := map[string]string{}
	for _, t := range s.Topics {
		configured[sameMetric(t.Topic)] = t.Topic
	}
	for _, b := range s.Boosts {
		configured[sameMetric(b.Topic)] = b.Topic
	}
	derived := map[string]string{} // to the base
	for n, b := range s.Boosts {
		if b.Topic == "" || b.Min < 0 {
			continue
		}
		told := false
		for l := b.Min; l <= s.MaxPriority; l++ {
			name := DerivedTopic(b.Topic, l)
			text := ""
			other, taken := derived[sameMetric(name)]
			if itself, ok := configured[sameMetric(name)]; ok {
				text = fmt.Sprintf("is configured itself as %q", itself)
			} else if taken && other != b.Topic { // a base that is boosted twice was told already
				text = fmt.Sprintf("%q uses too", other)
			} else if len(name) > maxTopicName {
				text = fmt.Sprintf("has %d characters, Kafka allows %d", len(name), maxTopicName)
			}
			if text != "" && !told {
				told = true
				wrong(fmt.Sprintf("/Priority_boost/%d/topic_name", n), "level %d of %q would use topic %q, which %s", l, b.Topic, name, text)
			}
			derived[sameMetric(name)] = b.Topic
		}
	}
}
