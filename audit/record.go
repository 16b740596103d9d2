package audit

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/kafkaboost/boostd"
)

// Record is one finished attempt.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	// Key is nil when the message has none. In the line it stands as text under
	// "key", or in base64 under "key_b64" when it isn't UTF-8.
	Key     []byte
	Level   boostd.Level
	Handler string
	// ProducedAt is zero when it isn't known; in the line that is null.
	ProducedAt, FetchedAt, ReadyAt, DispatchedAt, StartedAt, FinishedAt time.Time
	// Attempt counts from 1.
	Attempt int
	Result  boostd.Outcome
	// Worker is the number of the slot, counted over all handlers.
	Worker int
}

// AppendJSON appends the record as one line, with its newline. It allocates
// only for keys that need escaping.
func (r *Record) AppendJSON(b []byte) []byte {
	b = append(b, `{"topic":`...)
	b = appendText(b, r.Topic)
	b = append(b, `,"partition":`...)
	b = strconv.AppendInt(b, int64(r.Partition), 10)
	b = append(b, `,"offset":`...)
	b = strconv.AppendInt(b, r.Offset, 10)
	b = appendKey(b, r.Key)
	b = append(b, `,"level":`...)
	b = strconv.AppendInt(b, int64(r.Level), 10)
	b = append(b, `,"handler":`...)
	b = appendText(b, r.Handler)
	b = appendTime(b, `,"produced_at":`, r.ProducedAt)
	b = appendTime(b, `,"fetched_at":`, r.FetchedAt)
	b = appendTime(b, `,"ready_at":`, r.ReadyAt)
	b = appendTime(b, `,"dispatched_at":`, r.DispatchedAt)
	b = appendTime(b, `,"started_at":`, r.StartedAt)
	b = appendTime(b, `,"finished_at":`, r.FinishedAt)
	b = append(b, `,"attempt":`...)
	b = strconv.AppendInt(b, int64(r.Attempt), 10)
	b = append(b, `,"result":"`...)
	b = append(b, r.Result.String()...)
	b = append(b, `","worker":`...)
	b = strconv.AppendInt(b, int64(r.Worker), 10)
	return append(b, '}', '\n')
}

func appendKey(b, key []byte) []byte {
	switch {
	case key == nil:
		return append(b, `,"key":null`...)
	case utf8.Valid(key):
		return appendText(append(b, `,"key":`...), key)
	}
	b = append(b, `,"key_b64":"`...)
	b = base64.StdEncoding.AppendEncode(b, key)
	return append(b, '"')
}

func appendTime(b []byte, name string, t time.Time) []byte {
	b = append(b, name...)
	if t.IsZero() {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, t.UnixNano(), 10)
}

// appendText quotes plain ASCII itself and leaves the rest to the library. It
// takes bytes as they are: a conversion of each key would be an allocation.
func appendText[T string | []byte](b []byte, s T) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(string(s)) // a string always can be
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
