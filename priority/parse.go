package priority

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
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
		where += p.Pointer + ": "
	}
	return where + p.Text
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
	if inner := root.member("config"); inner != nil && inner.kind == '{' && len(root.members) == 1 {
		root = inner
	}
	r := &reader{}
	s := r.settings(root)
	s.check(func(pointer string) Problem { return root.locate(pointer) }, func(p Problem) { r.problems = append(r.problems, p) })
	if len(r.problems) > 0 {
		return nil, r.warnings, r.problems
	}
	return s, r.warnings, nil
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

func (r *reader) warn(n *node, format string, args ...any) {
	r.warnings = append(r.warnings, n.problem(fmt.Sprintf(format, args...)))
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
	partitions := n.member("number_of_partitions")
	switch {
	case partitions == nil || partitions.kind == 'n':
		r.warn(n, "number_of_partitions is absent: 1 is used")
	default:
		if b.Partitions = r.whole(partitions, 1); b.Partitions == 0 {
			r.warn(partitions, "0 partitions can't be: 1 is used")
			b.Partitions = 1
		} else if b.Partitions < 0 || b.Partitions > 10_000 {
			r.wrong(partitions, "is %d: want 1 to 10000", b.Partitions)
		}
	}
	for _, m := range n.members {
		switch m.key {
		case "topic_name":
			b.Topic = r.text(m)
		case "priority_boost_min_value":
			b.Min = boostd.Level(r.whole(m, 0))
		case "number_of_partitions":
		default:
			r.warn(m, "unknown key, ignored")
		}
	}
	if n.member("topic_name") == nil {
		r.wrong(n, "topic_name is missing")
	}
	return b
}

func (r *reader) topic(n *node) TopicPriority {
	t := TopicPriority{}
	if !r.object(n) {
		return t
	}
	for _, m := range n.members {
		switch m.key {
		case "topic":
			t.Topic = r.text(m)
		case "priority":
			t.Priority = boostd.Level(r.whole(m, 0))
		default:
			r.warn(m, "unknown key, ignored")
		}
	}
	for _, key := range []string{"topic", "priority"} {
		if n.member(key) == nil {
			r.wrong(n, "%s is missing", key)
		}
	}
	return t
}

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
	if n.kind == 'n' {
		return "" // the web page writes null for a blank field
	}
	s, ok := n.value.(string)
	if !ok {
		r.wrong(n, "want a text, got %s", n.kindName())
	}
	return s
}

// whole reads a whole number; 7.0 is one, null stands for absent.
func (r *reader) whole(n *node, absent int) int {
	if n.kind == 'n' {
		return absent
	}
	number, ok := n.value.(json.Number)
	if !ok {
		r.wrong(n, "want a whole number, got %s", n.kindName())
		return absent
	}
	f, err := number.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1e9 {
		r.wrong(n, "want a whole number, got %.40s", number)
		return absent
	}
	return int(f)
}

// parseTree reads JSON into nodes that know their place.
func parseTree(data []byte) (*node, error) {
	p := &treeParser{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	root, err := p.value("", 0)
	if err == nil {
		if _, more := p.dec.Token(); !errors.Is(more, io.EOF) {
			err = p.fail("text after the end of the document")
		}
	}
	if err != nil {
		return nil, err
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return root, nil
}
