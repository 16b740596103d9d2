package audit

import (
	"encoding/json"

	"github.com/kafkaboost/boostd"
)

// Resolution says that a person has resolved a held message.
type Resolution struct {
	// Resolved is retry or skip.
	Resolved  string       `json:"resolved"`
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Offset    int64        `json:"offset"`
	Level     boostd.Level `json:"level"`
	Handler   string       `json:"handler"`
	By        string       `json:"by"`
	// At is in Unix nanoseconds.
	At int64 `json:"at"`
}

// Resolve writes a resolution, as Write does a record.
func (w *Writer) Resolve(r Resolution) error {
	r.At = w.now().UnixNano()
	return w.write(1, func(b []byte) []byte {
		text, _ := json.Marshal(r) // strings and numbers always can be
		return append(append(b, text...), '\n')
	})
}
