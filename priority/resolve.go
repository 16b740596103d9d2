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

// The sources of a priority, strongest first. Derived is the topic of a level:
// there the topic's level holds, whatever the message says.
const (
	Derived By = iota
	Explicit
	Value
	Rule
	Topic
	Default
)

// String is the source as commands print it.
func (b By) String() string {
	return [...]string{"topic", "explicit", "value", "rule", "topic", "default"}[b]
}

// Resolution is a message's level and how it came about.
type Resolution struct {
	Level boostd.Level
	By    By
	// Clamped: the level was outside 0 … max_priority. Mistyped: something that
	// should have been a number wasn't, and was passed over.
	Clamped, Mistyped bool
}

// Resolver says which level a message has. It is safe for concurrent use.
type Resolver struct {
	settings *Settings
	levels   map[string]boostd.Level // of the derived topics
}

// NewResolver makes the resolver of a document.
func NewResolver(s *Settings) *Resolver {
	r := &Resolver{settings: s, levels: map[string]boostd.Level{}}
	for base := range s.boosts {
		for _, p := range s.Plan([]string{base}) {
			r.levels[p.Name] = p.Level
		}
	}
	return r
}

// Consumed resolves a message that came from a topic: the level of a derived
// topic, else header, the value's own priority field, the topic's priority,
// the default.
func (r *Resolver) Consumed(m *boostd.Message) Resolution {
	if level, ok := r.levels[m.Topic]; ok {
		return Resolution{Level: level, By: Derived}
	}
	res := Resolution{}
	if text, ok := m.Header(Header); ok {
		if n, ok := wholeText(string(text)); ok {
			return r.clamp(res, n, Explicit)
		}
		res.Mistyped = true
	}
	return r.fromValue(res, m.Topic, m.Value)
}

// Produced resolves a message that is about to be produced to its topic, and
// says where it belongs: the topic of its level when the topic is boosted from
// there. explicit is the caller's own word and goes before a header. In a
// derived topic that topic's level holds, as it will for the consumer.
func (r *Resolver) Produced(m *boostd.Message, explicit *int) (Resolution, string) {
	res := r.produced(m, explicit)
	if b, ok := r.settings.boosts[m.Topic]; ok && res.Level >= b.Min {
		return res, DerivedTopic(m.Topic, res.Level)
	}
	return res, m.Topic
}

func (r *Resolver) produced(m *boostd.Message, explicit *int) Resolution {
	if _, derived := r.levels[m.Topic]; explicit == nil || derived {
		return r.Consumed(m)
	}
	return r.clamp(Resolution{}, int64(*explicit), Explicit)
}

func (r *Resolver) fromValue(res Resolution, topic string, value []byte) Resolution {
	n, found, valid := valuePriority(value)
	if found && valid {
		return r.clamp(res, n, Value)
	}
	res.Mistyped = res.Mistyped || found
	if level, ok := r.settings.topics[topic]; ok {
		res.Level, res.By = level, Topic
		return res
	}
	res.Level, res.By = r.settings.DefaultPriority, Default
	return res
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
