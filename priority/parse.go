package priority

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kafkaboost/boostd"
)

// Problem is one thing that is wrong, or worth knowing, about a document.
type Problem struct {
	// Pointer is a JSON pointer (RFC 6901); empty for the whole document.
	Pointer string
	// Line and Column count from 1, the column in bytes; 0 when unknown.
	Line, Column int
	Text         string
}

// String is line:column: pointer: text.
func (p Problem) String() string {
	where := ""
	if p.Line > 0 {
		where = fmt.Sprintf("%d:%d: ", p.Line, p.Column)
	}
	if p.Pointer != "" {
		where += strings.Map(fit, p.Pointer) + ": "
	}
	return where + p.Text
}

// fit keeps what would move a cursor or hide text from a terminal.
func fit(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}

// Problems is everything that is wrong with a document, as one error.
type Problems []Problem

// Error is one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for n := range p {
		lines[n] = p[n].String()
	}
	return strings.Join(lines, "\n")
}

// Parse reads and validates a settings document. The error is Problems: all of
// them at once. Warnings are things that a person should know: unknown keys,
// values that were replaced, parts without an effect.
func Parse(data []byte) (*Settings, []Problem, error) {
	if err := plausible(data); err != nil {
		return nil, nil, Problems{{Text: err.Error()}}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	root, err := parseTree(data)
	if err != nil {
		return nil, nil, err
	}
	if root.kind != '{' {
		return nil, nil, Problems{root.problem("want an object, such as {\"max_priority\": 10}")}
	}
	r := &reader{}
	root = r.unwrap(root)
	s := r.settings(root)
	s.check(func(pointer, format string, args ...any) {
		p := root.locate(pointer)
		p.Text = fmt.Sprintf(format, args...)
		r.problems = append(r.problems, p)
	})
	inOrder(r.problems)
	inOrder(r.warnings)
	if len(r.problems) > 0 {
		return nil, r.warnings, r.problems
	}
	return s, r.warnings, nil
}

func inOrder(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// plausible recognises what isn't a document at all.
func plausible(data []byte) error {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case len(data) > MaxDocument:
		return fmt.Errorf("document has %d bytes: at most %d are allowed", len(data), MaxDocument)
	case len(trimmed) == 0:
		return errors.New("document is empty")
	case trimmed[0] == '<':
		return errors.New("document is an HTML or XML page, not JSON: probably an error page of the server it came from")
	case !utf8.Valid(data):
		return errors.New("document is not UTF-8")
	}
	return nil
}

// reader takes values out of a tree and collects what is wrong.
type reader struct {
	problems Problems
	warnings []Problem
}

func (r *reader) wrong(n *node, format string, args ...any) {
	r.problems = append(r.problems, n.problem(fmt.Sprintf(format, args...)))
}

func (r *reader) warn(n *node, text string) {
	r.warnings = append(r.warnings, n.problem(text))
}

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
	for _, m := range root.members {
		switch m.key {
		case "user_id":
			s.UserID = r.text(m)
		case "max_priority":
			s.MaxPriority = boostd.Level(r.whole(m, defaultMaxPriority))
		case "default_priority":
			s.DefaultPriority = boostd.Level(r.whole(m, 0))
		case "Priority_boost":
			r.each(m, func(n *node) { s.Boosts = append(s.Boosts, r.boost(n)) })
		case "Topics_priority":
			r.each(m, func(n *node) { s.Topics = append(s.Topics, r.topic(n)) })
		case "Rule_Base_priority":
			r.each(m, func(n *node) { s.Rules++; r.object(n) })
			if s.Rules > 0 {
				r.warn(m, "rules have no effect in this version")
			}
		default:
			r.warn(m, "unknown key, ignored")
		}
	}
	return s
}

func (r *reader) boost(n *node) Boost {
	b := Boost{Partitions: 1}
	if !r.object(n) {
		return b
	}
	b.Topic = r.topicName(n, "topic_name")
	if partitions := n.member("number_of_partitions"); absent(partitions) {
		r.warn(n, "number_of_partitions is absent: 1 is used")
	} else if b.Partitions = r.whole(partitions, 1); b.Partitions == 0 {
		r.warn(partitions, "0 partitions can't be: 1 is used")
		b.Partitions = 1
	} else if b.Partitions < 0 || b.Partitions > maxPartitions {
		r.wrong(partitions, "is %d: want 1 to %d", b.Partitions, maxPartitions)
	}
	for _, m := range n.members {
		switch m.key {
		case "topic_name", "number_of_partitions":
		case "priority_boost_min_value":
			b.Min = boostd.Level(r.whole(m, 0))
		default:
			r.warn(m, "unknown key, ignored")
		}
	}
	return b
}

func (r *reader) topic(n *node) TopicPriority {
	t := TopicPriority{}
	if !r.object(n) {
		return t
	}
	t.Topic = r.topicName(n, "topic")
	if absent(n.member("priority")) {
		r.wrong(n, "priority is missing")
	}
	for _, m := range n.members {
		switch m.key {
		case "topic":
		case "priority":
			t.Priority = boostd.Level(r.whole(m, 0))
		default:
			r.warn(m, "unknown key, ignored")
		}
	}
	return t
}

// topicName is empty when it is wrong.
func (r *reader) topicName(n *node, key string) string {
	m := n.member(key)
	if absent(m) {
		r.wrong(n, "%s is missing", key)
		return ""
	}
	name, ok := m.value.(string)
	if !ok {
		r.wrong(m, "want a text, got %s", m.kindName())
		return ""
	}
	if err := CheckTopic(name); err != nil {
		r.wrong(m, "%v", err)
		return ""
	}
	return name
}

// absent: the web page writes null for a blank field.
func absent(n *node) bool { return n == nil || n.kind == 'n' }

func (r *reader) object(n *node) bool {
	if n.kind != '{' {
		r.wrong(n, "want an object, got %s", n.kindName())
	}
	return n.kind == '{'
}

func (r *reader) each(n *node, visit func(*node)) {
	switch n.kind {
	case 'n':
	case '[':
		for _, m := range n.members {
			visit(m)
		}
	default:
		r.wrong(n, "want a list, got %s", n.kindName())
	}
}

func (r *reader) text(n *node) string {
	if absent(n) {
		return ""
	}
	s, ok := n.value.(string)
	if !ok {
		r.wrong(n, "want a text, got %s", n.kindName())
	}
	return s
}

// whole reads a whole number; 7.0 is one, otherwise is for null and for what is wrong.
func (r *reader) whole(n *node, otherwise int) int {
	if absent(n) {
		return otherwise
	}
	number, ok := n.value.(json.Number)
	if !ok {
		r.wrong(n, "want a whole number, got %s", n.kindName())
		return otherwise
	}
	f, err := number.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1e9 {
		r.wrong(n, "want a whole number, got %.40s", number)
		return otherwise
	}
	return int(f)
}
