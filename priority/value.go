package priority

import "github.com/tidwall/gjson"

// valuePriority finds the top-level field priority of a value that is a JSON
// object. found is false for any other value; valid is false when the field is
// there and isn't a whole number. The last of several fields counts, as with
// KafkaBoost's consumers. It doesn't allocate.
func valuePriority(value []byte) (n int64, found, valid bool) {
	if !mayBeObject(value) || !gjson.ValidBytes(value) {
		return 0, false, false
	}
	var field gjson.Result
	gjson.ParseBytes(value).ForEach(func(key, v gjson.Result) bool {
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
