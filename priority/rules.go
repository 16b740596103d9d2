package priority

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kafkaboost/boostd"
)

// Rule gives a priority to messages by what they contain: a field of a JSON
// object that has a value, or an expression that is true.
type Rule struct {
	// Field is a top-level field, or a dotted path to one further below. Value is
	// what it has to be, as text: 3 and "3" are the same.
	Field, Value string
	// Expr is an expression, Name what a person calls it; then there is no Field.
	Expr, Name string
	Priority   boostd.Level

	order   int // in the document, from 1
	pointer string
	literal string // Value as it stands in the document
	program *program
	unknown []member
}

// Pointer is the JSON pointer of the rule in its document.
func (r *Rule) Pointer() string { return r.pointer }

// String is the rule as a person reads it.
func (r *Rule) String() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Expr != "":
		return r.Expr
	default:
		return fmt.Sprintf("%s = %q", r.Field, r.Value)
	}
}

// place is a field of a JSON object that rules ask for, or one that such a field
// stands below. Its number and last count all places in depth first order: what
// stands below it has a number between the two.
type place struct {
	number, last int
	rules        map[string]*Rule // by the field's content, the highest for each
	below        map[string]*place
}

// newIndex makes what finds the rules that match an object by looking up each of its fields:
// what it costs depends on the message, not on how many rules there are.
func newIndex(rules []*Rule, byRole bool) *place {
	root := &place{}
	for _, rule := range rules {
		switch {
		case rule.Expr != "" || rule.Field == "":
		case byRole:
			root.child("role").add(rule.Field, rule)
		case rule.literal != "":
			root.child(rule.Field).add(rule.Value, rule)
			if at := root; strings.Contains(rule.Field, ".") {
				for name := range strings.SplitSeq(rule.Field, ".") {
					at = at.child(name)
				}
				at.add(rule.Value, rule)
			}
		}
	}
	root.count(0)
	return root
}

func (p *place) child(name string) *place {
	if p.below == nil {
		p.below = map[string]*place{}
	}
	if p.below[name] == nil {
		p.below[name] = &place{}
	}
	return p.below[name]
}

func (p *place) add(content string, rule *Rule) {
	if p.rules == nil {
		p.rules = map[string]*Rule{}
	}
	if best := p.rules[content]; best == nil || best.Priority < rule.Priority {
		p.rules[content] = rule
	}
}

func (p *place) count(number int) (last int) {
	p.number, p.last = number, number
	for _, child := range p.below {
		p.last = child.count(p.last + 1)
	}
	return p.last
}

// match is a rule that a field's content has matched.
type match struct {
	at   int
	rule *Rule
}

// matches are those of one message.
type matches []match

// field looks at a field of the message. Of fields that stand there twice the
// last counts, so what an earlier one has matched is forgotten.
func (m matches) field(p *place, v gjson.Result) matches {
	kept := m[:0]
	for _, earlier := range m {
		if earlier.at < p.number || earlier.at > p.last {
			kept = append(kept, earlier)
		}
	}
	m = kept
	var buf [32]byte
	var rule *Rule
	switch v.Type {
	case gjson.String:
		rule = p.rules[v.Str]
	case gjson.Number, gjson.True, gjson.False:
		rule = p.rules[string(canonical(buf[:0], v.Raw))]
	case gjson.JSON:
		if p.below == nil || v.Raw[0] != '{' {
			return m
		}
		v.ForEach(func(key, v gjson.Result) bool {
			if child := p.below[key.Str]; child != nil {
				m = m.field(child, v)
			}
			return true
		})
	}
	if rule != nil {
		m = append(m, match{p.number, rule})
	}
	return m
}

// highest is the one with the highest priority, of equal ones the first in the
// document; nil when there is none.
func (m matches) highest() (best *Rule) {
	for _, match := range m {
		best = higher(best, match.rule)
	}
	return best
}

func higher(a, b *Rule) *Rule {
	if a == nil || b != nil && (b.Priority > a.Priority || b.Priority == a.Priority && b.order < a.order) {
		return b
	}
	return a
}

// canonical appends the text of a JSON number or boolean as rules compare it:
// whole numbers without a fraction or an exponent.
func canonical(to []byte, raw string) []byte {
	if strings.Trim(raw, "0123456789") == "" || raw == "true" || raw == "false" {
		return append(to, raw...)
	}
	f, err := strconv.ParseFloat(raw, 64)
	const exact = 1 << 53
	switch {
	case err != nil || strings.Trim(raw, "-0123456789") == "" && raw != "-0":
		return append(to, raw...)
	case f == math.Trunc(f) && math.Abs(f) <= exact:
		return strconv.AppendInt(to, int64(f), 10)
	default:
		return strconv.AppendFloat(to, f, 'g', -1, 64)
	}
}
