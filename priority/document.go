package priority

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kafkaboost/boostd"
)

// unwrap returns the document inside {"config": …}, as settings services send it.
func (r *reader) unwrap(root *node) *node {
	inner := root.member("config")
	if inner == nil || inner.kind != '{' {
		return root
	}
	for _, m := range root.members {
		if m != inner {
			r.warn(m, "stands beside config, ignored")
		}
	}
	return inner
}

func (r *reader) settings(root *node) *Settings {
	s := &Settings{MaxPriority: defaultMaxPriority}
	var expressions []*Rule
	s.unknown = r.object(root, "", fields{
		"user_id":            func(n *node) { s.UserID = r.text(n) },
		"max_priority":       func(n *node) { s.MaxPriority = boostd.Level(r.whole(n, defaultMaxPriority)) },
		"default_priority":   func(n *node) { s.DefaultPriority = boostd.Level(r.whole(n, 0)) },
		"Priority_boost":     func(n *node) { r.each(n, func(n *node) { s.Boosts = append(s.Boosts, r.boost(n)) }) },
		"Topics_priority":    func(n *node) { r.each(n, func(n *node) { s.Topics = append(s.Topics, r.topic(n)) }) },
		"Rule_Base_priority": func(n *node) { r.each(n, func(n *node) { s.Rules = append(s.Rules, r.rule(n)) }) },
		"boostd":             func(n *node) { expressions = r.own(n, s) },
	})
	s.Rules = append(s.Rules, expressions...)
	for n, rule := range s.Rules {
		rule.order = n
	}
	return s
}

func (r *reader) boost(n *node) Boost {
	b := Boost{Partitions: 1}
	b.unknown = r.object(n, "Priority_boost", fields{
		"topic_name":               func(n *node) { b.Topic = r.topicName(n) },
		"priority_boost_min_value": func(n *node) { b.Min = boostd.Level(r.whole(n, 0)) },
		"number_of_partitions":     func(n *node) { b.Partitions = r.partitions(n) },
		"partitions_by_level":      func(n *node) { b.ByLevel = r.byLevel(n) },
	})
	r.require(n, "topic_name")
	if n.kind == '{' && absent(n.member("number_of_partitions")) {
		r.warn(n, "number_of_partitions is absent: 1 is used")
	}
	return b
}

func (r *reader) partitions(n *node) int {
	switch p := r.whole(n, 1); {
	case p == 0:
		r.warn(n, "0 partitions can't be: 1 is used")
		return 1
	case p < 0 || p > maxPartitions:
		r.wrong(n, "is %d: want 1 to %d", p, maxPartitions)
		return 1
	default:
		return p
	}
}

func (r *reader) byLevel(n *node) map[boostd.Level]int {
	if absent(n) {
		return nil
	}
	if n.kind != '{' {
		r.wrong(n, "want an object of level and partitions, such as {\"10\": 3}, got %s", n.kindName())
		return nil
	}
	levels := map[boostd.Level]int{}
	for _, m := range n.members {
		level, err := strconv.Atoi(m.key)
		if err != nil || strconv.Itoa(level) != m.key {
			r.wrong(m, "want a level as key, a whole number such as \"10\"")
			continue
		}
		levels[boostd.Level(level)] = r.partitions(m)
	}
	return levels
}

func (r *reader) topic(n *node) TopicPriority {
	t := TopicPriority{}
	t.unknown = r.object(n, "Topics_priority", fields{
		"topic":    func(n *node) { t.Topic = r.topicName(n) },
		"priority": func(n *node) { t.Priority = boostd.Level(r.whole(n, 0)) },
	})
	r.require(n, "topic", "priority")
	return t
}

// topicName is empty when it is wrong, or absent, which require tells.
func (r *reader) topicName(n *node) string {
	name := r.text(n)
	if n.kind != 's' {
		return ""
	}
	if err := CheckTopic(name); err != nil {
		r.wrong(n, "%v", err)
		return ""
	}
	return name
}

// require tells which of an object's keys are missing.
func (r *reader) require(n *node, keys ...string) {
	for _, key := range keys {
		if n.kind == '{' && absent(n.member(key)) {
			r.wrong(n, "%s is missing", key)
		}
	}
}

func (r *reader) rule(n *node) *Rule {
	rule := &Rule{pointer: n.pointer()}
	rule.unknown = r.object(n, "Rule_Base_priority", fields{
		"role_name": func(n *node) { rule.Field = r.text(n) },
		"value":     func(n *node) { rule.Value, rule.literal = r.content(n) },
		"priority":  func(n *node) { rule.Priority = boostd.Level(r.whole(n, 0)) },
	})
	r.require(n, "priority")
	if n.kind != '{' {
		return rule
	}
	// The web page writes null for what was left blank: no reason to refuse all.
	if rule.Field == "" {
		r.warn(n, "role_name is missing: the rule never matches")
	} else if rule.literal == "" {
		r.warn(n, "value is missing: the rule never matches")
	}
	return rule
}

// content is what a rule compares with, as text and as it stands there.
func (r *reader) content(n *node) (text, literal string) {
	literal = string(r.data[n.from:n.to])
	switch n.kind {
	case 'n':
		return "", ""
	case 's':
		return r.text(n), literal
	case '0', 'b':
		return string(canonical(nil, literal)), literal
	default:
		r.wrong(n, "want a text, a number or a boolean, got %s", n.kindName())
		return "", ""
	}
}

// own reads boostd's own part of the document, which KafkaBoost passes over.
func (r *reader) own(n *node, s *Settings) (expressions []*Rule) {
	r.strict(n, fields{
		"rules": func(n *node) {
			r.each(n, func(n *node) { expressions = append(expressions, r.expression(n)) })
		},
		"value_priority": func(n *node) { s.ValuePriority = r.valuePriority(n) },
		"rules_by_role":  func(n *node) { s.RulesByRole = r.boolean(n) },
		"policy":         func(n *node) { s.Policy = r.policy(n) },
	})
	if len(expressions) > MaxExpressions {
		r.wrong(n.member("rules"), "has %d rules: want at most %d", len(expressions), MaxExpressions)
		return nil
	}
	return expressions
}

func (r *reader) expression(n *node) *Rule {
	rule := &Rule{pointer: n.pointer()}
	r.strict(n, fields{
		"name":     func(n *node) { rule.Name = r.text(n) },
		"expr":     func(n *node) { rule.Expr = r.text(n) },
		"priority": func(n *node) { rule.Priority = boostd.Level(r.whole(n, 0)) },
	})
	r.require(n, "expr", "priority")
	if m := n.member("expr"); m != nil && m.kind == 's' {
		var err error
		if rule.program, err = r.compile(rule.Expr); err != nil {
			r.wrong(m, "%v", err)
		}
	}
	return rule
}

func (r *reader) valuePriority(n *node) ValuePriority {
	text := r.text(n)
	for v, name := range valuePriorities {
		if name == text || text == "" {
			return ValuePriority(v)
		}
	}
	if n.kind == 's' {
		r.wrong(n, "%q: want %s", text, strings.Join(valuePriorities[:], ", "))
	}
	return ValueAlways
}

var valuePriorities = [...]string{"always", "unless_default", "never"}

// String is the word of the document.
func (v ValuePriority) String() string {
	if int(v) < len(valuePriorities) {
		return valuePriorities[v]
	}
	return fmt.Sprintf("ValuePriority(%d)", uint8(v))
}
