package letters

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"time"
	"unicode/utf8"

	"github.com/kafkaboost/boostd/deadletter"
)

// Line is a letter in JSON: the message in the form that `boostd produce --format
// json` reads, and under dlq what it doesn't.
type Line struct {
	// Topic, Partition, Offset and Level are where the message came from, absent
	// where that isn't known.
	Topic     string `json:"topic,omitempty"`
	Partition *int32 `json:"partition,omitempty"`
	Offset    *int64 `json:"offset,omitempty"`
	Level     *int   `json:"level,omitempty"`
	Timestamp string `json:"timestamp,omitempty"`
	// A key and a value are texts or null, or else, where there is no such thing at
	// all, bytes in base64.
	Key      **string     `json:"key,omitempty"`
	KeyB64   *string      `json:"key_b64,omitempty"`
	Value    **string     `json:"value,omitempty"`
	ValueB64 *string      `json:"value_b64,omitempty"`
	Headers  []headerLine `json:"headers"`
	DLQ      placeLine    `json:"dlq"`
}

type headerLine struct {
	Key      string   `json:"key"`
	Value    **string `json:"value,omitempty"`
	ValueB64 *string  `json:"value_b64,omitempty"`
}

// placeLine is what concerns the letter itself.
type placeLine struct {
	Topic       string `json:"topic"`
	Partition   int32  `json:"partition"`
	Offset      int64  `json:"offset"`
	Reason      string `json:"reason"`
	Attempts    int    `json:"attempts"`
	Handler     string `json:"handler"`
	FirstFailed string `json:"first_failed,omitempty"`
	LastFailed  string `json:"last_failed,omitempty"`
	WrittenAt   string `json:"written_at,omitempty"`
	Replays     int    `json:"replays"`
	// Resolution is replayed or purged; absent while the letter is open.
	Resolution deadletter.Resolution `json:"resolution,omitempty"`
}

// NewLine is a letter's line.
func NewLine(l *deadletter.Letter, resolution deadletter.Resolution) Line {
	line := Line{Headers: []headerLine{}, DLQ: placeLine{
		Topic: l.At.Topic, Partition: l.At.Partition, Offset: l.At.Offset,
		Reason: l.Reason, Attempts: l.Attempts, Handler: l.Handler, Replays: l.Replays, Resolution: resolution,
		FirstFailed: moment(l.FirstFailed), LastFailed: moment(l.LastFailed), WrittenAt: moment(l.WrittenAt),
	}}
	if l.Known {
		line.Topic, line.Partition, line.Offset, line.Level = l.Origin.Topic, &l.Origin.Partition, &l.Origin.Offset, new(int(l.Level))
		line.Timestamp = moment(l.ProducedAt)
	}
	line.Key, line.KeyB64 = payload(l.Key)
	line.Value, line.ValueB64 = payload(l.Value)
	for _, h := range l.Headers {
		text, b64 := payload(h.Value)
		line.Headers = append(line.Headers, headerLine{h.Key, text, b64})
	}
	return line
}

// moment is a time as JSON has it, empty when it isn't known.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// payload is bytes as a text or null, or in base64.
func payload(b []byte) (text **string, b64 *string) {
	switch {
	case b == nil:
		return new((*string)(nil)), nil
	case utf8.Valid(b):
		return new(new(string(b))), nil
	}
	return nil, new(base64.StdEncoding.EncodeToString(b))
}

// Lines prints one JSON line a letter.
func Lines(to io.Writer) func(*deadletter.Letter) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	return func(l *deadletter.Letter) error { return encoder.Encode(NewLine(l, "")) }
}
