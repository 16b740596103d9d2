package configwatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"
)

// wrapper is the key that services send a document under.
const wrapper = "config"

// own are the keys of a settings document.
var own = []string{"user_id", "max_priority", "default_priority", "Priority_boost", "Topics_priority", "Rule_Base_priority", "boostd"}

// unwrapped takes the document out of {"config": {…}}, as services send it: its
// bytes as they stand, so that positions in what is said about it count from its
// own brace. What else stands beside config is dropped, unless it is a document's
// key: then the answer stays as it is, and whoever reads it is warned. So does
// everything that isn't wrapped, is wrapped twice, or isn't JSON.
func unwrapped(answer []byte) []byte {
	inner, plain, ok := wrapping(answer)
	if !ok || !plain || inner == nil || !utf8.Valid(answer) {
		return answer
	}
	if again, _, _ := wrapping(inner); again != nil {
		return answer // or another reader would unwrap what we have left
	}
	return inner
}

// wrapping finds the object under config in an object, nil where there is none.
// It is plain when no key is there twice that matters, and none of a document's.
func wrapping(text []byte) (inner json.RawMessage, plain, ok bool) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false, false
	}
	plain = true
	for seen := false; d.More(); {
		key, err := d.Token()
		if err != nil {
			return nil, false, false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false, false
		}
		name, _ := key.(string)
		if name == wrapper {
			plain, seen = plain && !seen, true
			if value[0] == '{' {
				inner = value
			}
		}
		plain = plain && !slices.Contains(own, name)
	}
	if _, err := d.Token(); err != nil {
		return nil, false, false
	}
	_, err := d.Token()
	return inner, plain, errors.Is(err, io.EOF)
}
