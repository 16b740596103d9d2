package configwatch

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
)

// own are the keys of a settings document.
var own = []string{"user_id", "max_priority", "default_priority", "Priority_boost", "Topics_priority", "Rule_Base_priority", "boostd"}

// unwrapped takes the document out of {"config": {…}}, as services send it: its
// bytes as they stand, so that positions in what is said about it count from its
// own brace. What else stands beside config is dropped, unless it is a document's
// key: then the answer stays as it is, and whoever reads it is warned. So does
// everything that isn't wrapped, or isn't JSON.
func unwrapped(answer []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(answer, []byte("\xef\xbb\xbf"))))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return answer
	}
	var inner json.RawMessage
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return answer
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return answer
		}
		switch name, _ := key.(string); {
		case slices.Contains(own, name), name == "config" && inner != nil:
			return answer
		case name == "config":
			inner = value
		}
	}
	if _, err := d.Token(); err != nil || len(inner) == 0 || inner[0] != '{' {
		return answer
	}
	if _, err := d.Token(); err != io.EOF { //nolint:errorlint // Token returns it bare
		return answer
	}
	return inner
}
