package priority

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"cel.dev/cel-go/cel"

	"github.com/kafkaboost/boostd/suggest"
)

// reader takes values out of a tree and collects what is wrong.
type reader struct {
	data     []byte
	problems Problems
	warnings []Problem
	told     map[string]bool // unknown keys, by the kind of their object
	language *cel.Env        // of expressions, once there is one
}

// member is a key of a document that has no meaning here. It is kept, for
// whoever gave it one.
type member struct{ key, raw string }

// fields are the keys that an object may have, and who reads each.
type fields map[string]func(*node)

// object reads an object's members. Keys that it doesn't know are returned, and
// reported once for all objects of a kind.
func (r *reader) object(n *node, kind string, known fields) (unknown []member) {
	if n.kind != '{' {
		r.wrong(n, "want an object, got %s", n.kindName())
		return nil
	}
	for _, m := range n.members {
		if read := known[m.key]; read != nil {
			read(m)
			continue
		}
		unknown = append(unknown, member{m.key, string(r.data[m.from:m.to])})
		if id := kind + "/" + m.key; !r.told[id] {
			r.told[id] = true
			r.warn(m, "unknown key, kept but without an effect"+known.hint(m.key))
		}
	}
	return unknown
}

// hint is the key that a person may have meant.
func (f fields) hint(key string) string {
	return suggest.DidYouMean(key, slices.Sorted(maps.Keys(f)), 2)
}

// strict reads an object of boostd's own, in which an unknown key is refused:
// it would promise what isn't there.
func (r *reader) strict(n *node, known fields) {
	if absent(n) {
		return
	}
	if n.kind != '{' {
		r.wrong(n, "want an object, got %s", n.kindName())
		return
	}
	for _, m := range n.members {
		if read := known[m.key]; read != nil {
			read(m)
		} else {
			r.wrong(m, "this version of boostd has no such key%s", known.hint(m.key))
		}
	}
}

func (r *reader) wrong(n *node, format string, args ...any) {
	r.problems = append(r.problems, n.problem(fmt.Sprintf(format, args...)))
}

func (r *reader) warn(n *node, text string) {
	r.warnings = append(r.warnings, n.problem(text))
}

// absent: the web page writes null for a blank field.
func absent(n *node) bool { return n == nil || n.kind == 'n' }

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

// boolean is false for null and for what is wrong.
func (r *reader) boolean(n *node) bool {
	if absent(n) {
		return false
	}
	b, ok := n.value.(bool)
	if !ok {
		r.wrong(n, "want true or false, got %s", n.kindName())
	}
	return b
}
