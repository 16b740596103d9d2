package priority

import (
	"bytes"
	"unsafe"

	"github.com/tidwall/gjson"
)

// content is what a value says about its priority.
type content struct {
	// found: the top-level field priority is there, and not null; valid: it is a
	// whole number, level.
	found, valid bool
	level        int64
	// rule is the highest of those that its fields match, nil when none does.
	rule *Rule
}

// read looks at a value that is a JSON object; any other says nothing. Of fields
// that stand there twice the last counts, as with KafkaBoost's consumers. It
// doesn't allocate where no rule matches and no text has escapes.
func (p *place) read(value []byte) (c content) {
	if !mayBeObject(value) || p.silent(value) || tooDeep(value) || !gjson.ValidBytes(value) {
		return content{}
	}
	// gjson.ParseBytes would copy the value. The string ends with this call,
	// and nobody changes a message meanwhile.
	object := gjson.Parse(unsafe.String(unsafe.SliceData(value), len(value)))
	var field gjson.Result
	var found matches
	object.ForEach(func(key, v gjson.Result) bool {
		if key.Str == Header {
			field = v
		}
		if child := p.below[key.Str]; child != nil {
			found = found.field(child, v)
		}
		return true
	})
	c.found = field.Type != gjson.Null
	switch field.Type {
	case gjson.Number:
		c.level, c.valid = wholeText(field.Raw)
	case gjson.String:
		c.level, c.valid = wholeText(field.Str)
	}
	c.rule = found.highest()
	return c
}

// silent reports whether a value can't have a field that counts: no rule asks for
// one, and the word priority isn't there, written plainly or with escapes.
func (p *place) silent(value []byte) bool {
	return len(p.below) == 0 && !bytes.Contains(value, []byte(Header)) && !bytes.Contains(value, []byte(`\u`))
}

// mayBeObject looks at the first character: most values that aren't objects
// are told apart without reading them.
func mayBeObject(value []byte) bool {
	for _, b := range value {
		switch b {
		case ' ', '\t', '\r', '\n':
		default:
			return b == '{'
		}
	}
	return false
}

// maxValueDepth is how deep a value may be nested, as in encoding/json.
const maxValueDepth = 10_000

// tooDeep keeps such values from gjson, which recurses: a message of many
// brackets would end the daemon with a stack overflow.
func tooDeep(value []byte) bool {
	if bytes.Count(value, []byte("["))+bytes.Count(value, []byte("{")) <= maxValueDepth {
		return false
	}
	depth, text := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			if depth++; depth > maxValueDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}
