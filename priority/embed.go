package priority

import (
	"strconv"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/kafkaboost/boostd"
)

// Embed writes a level into the field priority of a value, for KafkaBoost's
// consumers, which read nothing else. Every other byte stays; a field that stands
// there twice is written twice. A value that isn't a JSON object has no such field
// and comes back as it is, as does one that says the level already.
func Embed(value []byte, level boostd.Level) []byte {
	if !mayBeObject(value) || tooDeep(value) || !gjson.ValidBytes(value) {
		return value
	}
	// As in read: nobody changes a message meanwhile, and nothing keeps the string.
	object := gjson.Parse(unsafe.String(unsafe.SliceData(value), len(value)))
	number := strconv.Itoa(int(level))
	out, from, found, empty := []byte(nil), 0, false, true
	object.ForEach(func(key, v gjson.Result) bool {
		empty = false
		if key.Str != Header {
			return true
		}
		found = true
		if v.Raw != number {
			// Index counts from the string that was parsed.
			out = append(append(out, value[from:v.Index]...), number...)
			from = v.Index + len(v.Raw)
		}
		return true
	})
	switch {
	case found && from == 0:
		return value
	case found:
		return append(out, value[from:]...)
	}
	end := len(value) - 1
	for value[end] != '}' {
		end-- // what stands behind is white space
	}
	out = append(make([]byte, 0, len(value)+len(`, "priority": `)+len(number)), value[:end]...)
	if !empty {
		out = append(out, ", "...)
	}
	out = append(append(out, `"priority": `...), number...)
	return append(out, value[end:]...)
}

// Embedded reports whether a value has the field priority, and whether it says
// the level.
func Embedded(value []byte, level boostd.Level) (there, same bool) {
	c := new(place).read(value)
	return c.found, c.valid && c.level == int64(level)
}
