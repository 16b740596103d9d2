package priority

import (
	"math"
	"strconv"
	"strings"

	"github.com/kafkaboost/boostd"
)

// Header is the message header that carries an explicit priority.
const Header = "priority"

// By says what decided a message's level.
type By uint8

// The sources of a priority, strongest first. ByDerived is the topic of a level:
// there the topic's level holds, whatever the message says.
const (
	ByDerived By = iota
	ByExplicit
	ByValue
	ByRule
	ByTopic
	ByDefault
)

// String is the source as commands print it.
func (b By) String() string {
	return [...]string{"topic", "explicit", "value", "rule", "topic", "default"}[b]
}

// Resolution is a message's level and how it came about.
type Resolution struct {
	Level boostd.Level
	By    By
	// Rule is the one that decided, nil otherwise.
	Rule *Rule
	// Clamped: the level was outside 0 … max_priority. Mistyped: something that
	// should have been a number wasn't, and was passed over. Outranked: a rule
	// would have given a higher level than the value's own priority, which counts.
	Clamped, Mistyped, Outranked bool
}

// Resolver says which level a message has. It is safe for concurrent use.
type Resolver struct {
	settings    *Settings
	levels      map[string]boostd.Level // of the derived topics
	topics      map[string][]string     // of a base, its derived topics from the lowest level on
	index       *place
	expressions []*Rule
}

// NewResolver makes the resolver of a document.
func NewResolver(s *Settings) *Resolver {
	r := &Resolver{settings: s, levels: map[string]boostd.Level{}, topics: map[string][]string{}, index: newIndex(s.Rules, s.RulesByRole)}
	for _, rule := range s.Rules {
		if rule.program != nil {
			r.expressions = append(r.expressions, rule)
		}
	}
	for base := range s.boosts {
		for _, p := range s.Plan([]string{base}) {
			r.levels[p.Name] = p.Level
			r.topics[base] = append(r.topics[base], p.Name)
		}
	}
	return r
}

// Consumed resolves a message that came from a topic: the level of a derived
// topic, else header, the value's own priority field, the rules, the topic's
// priority, the default.
func (r *Resolver) Consumed(m *boostd.Message) Resolution {
	if res, ok := r.derived(m.Topic); ok {
		return res
	}
	res := Resolution{}
	if text, ok := m.Header(Header); ok {
		if n, ok := wholeText(string(text)); ok {
			return r.clamp(res, n, ByExplicit)
		}
		res.Mistyped = true
	}
	return r.fromContent(res, m)
}

// derived resolves a message of a level's own topic. One that is left over from
// other settings, its level below the boost or above max_priority, is read too
// where somebody drains it.
func (r *Resolver) derived(topic string) (Resolution, bool) {
	if level, ok := r.levels[topic]; ok {
		return Resolution{Level: level, By: ByDerived}, true
	}
	base, level, ok := CutLevel(topic)
	if !ok || r.settings.named(topic) {
		return Resolution{}, false
	}
	if _, boosted := r.settings.boosts[base]; !boosted {
		return Resolution{}, false
	}
	return r.clamp(Resolution{}, int64(level), ByDerived), true
}

// Produced resolves a message that is about to be produced to its topic, and
// says where it belongs: the topic of its level when the topic is boosted from
// there. explicit is the caller's own word and goes before a header. In a
// derived topic that topic's level holds, as it will for the consumer.
func (r *Resolver) Produced(m *boostd.Message, explicit *int) (Resolution, string) {
	res := r.produced(m, explicit)
	if b, ok := r.settings.boosts[m.Topic]; ok && res.Level >= b.Min {
		return res, r.topics[m.Topic][res.Level-b.Min]
	}
	return res, m.Topic
}

func (r *Resolver) produced(m *boostd.Message, explicit *int) Resolution {
	if _, derived := r.derived(m.Topic); explicit == nil || derived {
		return r.Consumed(m)
	}
	return r.clamp(Resolution{}, int64(*explicit), ByExplicit)
}

func (r *Resolver) fromContent(res Resolution, m *boostd.Message) Resolution {
	c := r.index.read(m.Value)
	rule := higher(c.rule, r.expression(m))
	if r.settings.ValuePriority != ValueNever {
		stamp := r.settings.ValuePriority == ValueUnlessDefault && c.level == int64(r.settings.DefaultPriority)
		if c.valid && !stamp {
			res = r.clamp(res, c.level, ByValue)
			res.Outranked = rule != nil && rule.Priority > res.Level
			return res
		}
		res.Mistyped = res.Mistyped || c.found && !c.valid
	}
	if rule != nil {
		res.Level, res.By, res.Rule = rule.Priority, ByRule, rule
	} else if level, ok := r.settings.topics[m.Topic]; ok {
		res.Level, res.By = level, ByTopic
	} else {
		res.Level, res.By = r.settings.DefaultPriority, ByDefault
	}
	return res
}

// expression is the highest rule whose expression is true for a message.
func (r *Resolver) expression(m *boostd.Message) (best *Rule) {
	if len(r.expressions) == 0 {
		return nil
	}
	v := &variables{message: *m}
	for _, rule := range r.expressions {
		if (best == nil || rule.Priority > best.Priority) && rule.program.holds(v) {
			best = rule
		}
	}
	return best
}

func (r *Resolver) clamp(res Resolution, n int64, by By) Resolution {
	level := min(max(n, 0), int64(r.settings.MaxPriority))
	res.Level, res.By, res.Clamped = boostd.Level(level), by, level != n
	return res
}

// wholeText reads 7, 7.0 or 7e0 as the whole number 7; a number that is larger
// than any level is as good as the largest.
func wholeText(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	if strings.Trim(s, "+-0123456789.eE") != "" {
		return 0, false // ParseFloat would read inf, hexadecimal and underscores
	}
	f, err := strconv.ParseFloat(s, 64)
	const largest = 1 << 53
	switch {
	case err != nil && f == 0:
		return 0, false
	case f > largest:
		return largest, true
	case f < -largest:
		return -largest, true
	case f != math.Trunc(f):
		return 0, false
	}
	return int64(f), true
}
