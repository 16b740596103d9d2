package priority

import (
	"bytes"
	"unsafe"

	"github.com/tidwall/gjson"
)

// valuePriority finds the top-level field priority of a value that is a JSON
// object. found is false for any other value, and for null; valid is false when
// the field is there and isn't a whole number. The last of several fields
// counts, as with KafkaBoost's consumers. It doesn't allocate.
func valuePriority(value []byte) (n int64, found, valid bool) {
	if !mayBeObject(value) || tooDeep(value) || !gjson.ValidBytes(value) {
		return 0, false, false
	}
	// gjson.ParseBytes would copy the value. The string ends with this call,
	// and nobody changes a message meanwhile.
	object := gjson.Parse(unsafe.String(unsafe.SliceData(value), len(value)))
	var field gjson.Result
	object.ForEach(func(key, v gjson.Result) bool {
		if key.Str == Header {
			field, found = v, true
		}
		return true
	})
	switch {
	case !found || field.Type == gjson.Null:
		return 0, false, false
	case field.Type == gjson.Number:
		n, valid = wholeText(field.Raw)
	case field.Type == gjson.String:
		n, valid = wholeText(field.Str)
	}
	return n, true, valid
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
