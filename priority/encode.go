package priority

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/kafkaboost/boostd"
)

// Encode writes the settings as a document again: the keys that have a meaning
// in the seed's order, then those that were only kept. What it writes Parse reads
// as the same settings.
func (s *Settings) Encode() []byte {
	root := &object{}
	if s.UserID != "" {
		root.text("user_id", s.UserID)
	}
	root.number("max_priority", int(s.MaxPriority))
	root.number("default_priority", int(s.DefaultPriority))
	root.raw("Priority_boost", list(s.Boosts, Boost.encode))
	root.raw("Topics_priority", list(s.Topics, TopicPriority.encode))
	byField, byExpr := s.split()
	root.raw("Rule_Base_priority", list(byField, (*Rule).encode))
	if own := s.encodeOwn(byExpr); own != "{}" {
		root.raw("boostd", own)
	}
	root.kept(s.unknown)
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(root.String()), "", "  "); err != nil {
		panic(fmt.Sprintf("a document of our own isn't JSON: %v", err))
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// split parts the rules by the list that they stand in.
func (s *Settings) split() (byField, byExpr []*Rule) {
	for _, r := range s.Rules {
		if r.Expr == "" {
			byField = append(byField, r)
		} else {
			byExpr = append(byExpr, r)
		}
	}
	return byField, byExpr
}

func (s *Settings) encodeOwn(byExpr []*Rule) string {
	own := &object{}
	if len(byExpr) > 0 {
		own.raw("rules", list(byExpr, (*Rule).encodeExpr))
	}
	if s.ValuePriority != ValueAlways {
		own.text("value_priority", s.ValuePriority.String())
	}
	if s.RulesByRole {
		own.raw("rules_by_role", "true")
	}
	if s.Policy != nil {
		own.raw("policy", s.Policy.encode())
	}
	return own.String()
}

func (b Boost) encode() string {
	o := &object{}
	o.text("topic_name", b.Topic)
	o.number("priority_boost_min_value", int(b.Min))
	o.number("number_of_partitions", b.Partitions)
	if len(b.ByLevel) > 0 {
		levels := &object{}
		for _, n := range slices.Sorted(maps.Keys(b.ByLevel)) {
			levels.number(strconv.Itoa(int(n)), b.ByLevel[n])
		}
		o.raw("partitions_by_level", levels.String())
	}
	o.kept(b.unknown)
	return o.String()
}

func (t TopicPriority) encode() string {
	o := &object{}
	o.text("topic", t.Topic)
	o.number("priority", int(t.Priority))
	o.kept(t.unknown)
	return o.String()
}

func (r *Rule) encode() string {
	o := &object{}
	o.text("role_name", r.Field)
	if r.literal == "" {
		o.raw("value", "null")
	} else {
		o.raw("value", r.literal)
	}
	o.number("priority", int(r.Priority))
	o.kept(r.unknown)
	return o.String()
}

func (r *Rule) encodeExpr() string {
	o := &object{}
	if r.Name != "" {
		o.text("name", r.Name)
	}
	o.text("expr", r.Expr)
	o.number("priority", int(r.Priority))
	return o.String()
}

// object is a JSON object that is being written, its keys in the order of the
// calls.
type object struct{ bytes.Buffer }

func (o *object) raw(key, value string) {
	if o.Len() > 0 {
		o.WriteByte(',')
	}
	o.WriteString(quote(key) + ":" + value)
}

func (o *object) text(key, value string)       { o.raw(key, quote(value)) }
func (o *object) number(key string, value int) { o.raw(key, strconv.Itoa(value)) }

func (o *object) kept(unknown []member) {
	for _, m := range unknown {
		o.raw(m.key, m.raw)
	}
}

// String is the object closed.
func (o *object) String() string { return "{" + o.Buffer.String() + "}" }

func list[T any](entries []T, encode func(T) string) string {
	var out bytes.Buffer
	for n, e := range entries {
		if n > 0 {
			out.WriteByte(',')
		}
		out.WriteString(encode(e))
	}
	return "[" + out.String() + "]"
}

// quote is a text as JSON, without the escapes that are meant for HTML.
func quote(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text can be encoded
	return string(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}

// Example is a document to begin with: one boosted topic.
func Example(topic string, from, top boostd.Level, partitions int) *Settings {
	return &Settings{MaxPriority: top, Boosts: []Boost{{Topic: topic, Min: from, Partitions: partitions}}}
}
