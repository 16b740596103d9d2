package deadletter

import (
	"math"
	"time"

	"github.com/kafkaboost/boostd"
)

// Letter is what a dead letter says.
type Letter struct {
	// At is where the letter itself stands.
	At boostd.Coordinates
	// Known: the letter says where its message came from. Otherwise somebody else
	// wrote it, and Origin, Level and most of the rest are zero.
	Known  bool
	Origin boostd.Coordinates
	// ProducedAt is the message's own time, in milliseconds; zero when unknown.
	ProducedAt time.Time
	Level      boostd.Level
	Reason     string
	Attempts   int
	Handler    string
	// FirstFailed and LastFailed are zero when unknown.
	FirstFailed, LastFailed time.Time
	// WrittenAt is the record's own time, or what its producer says that it is.
	WrittenAt time.Time
	// Replays is how often the message was sent back before it died this time.
	Replays int

	// Key, Value and Headers are the message's own as it was, without boostd's
	// headers; Key and Value share their bytes with the record.
	Key, Value []byte
	Headers    []boostd.Header
}

// DiedAt is when the last attempt failed, or, where nobody says so, when the
// letter was written.
func (l *Letter) DiedAt() time.Time {
	if l.LastFailed.IsZero() {
		return l.WrittenAt
	}
	return l.LastFailed
}

// Parse reads a record of a dead-letter topic that is no mark. Any record is a
// letter: what its headers don't say, or say wrongly, is unknown.
func Parse(m *boostd.Message) Letter {
	l := Letter{At: coordinates(m), WrittenAt: m.ProducedAt, Key: m.Key, Value: m.Value}
	l.Headers, l.Replays = strip(m.Headers, 0)
	text := func(name string) string {
		v, _ := m.Header(name)
		return string(v)
	}
	number := func(name string, highest int64) int64 {
		v, _ := m.Header(name)
		if n := decimal(v, -1); n <= highest {
			return n
		}
		return -1
	}
	l.Reason, l.Handler = text(headerReason), text(headerHandler)
	l.Attempts = int(max(0, number(headerAttempts, math.MaxInt32)))
	l.FirstFailed, l.LastFailed = moment(text(headerFirstFailed)), moment(text(headerLastFailed))
	topic, partition, offset := text(headerTopic), number(headerPartition, math.MaxInt32), number(headerOffset, math.MaxInt64)
	if topic == "" || partition < 0 || offset < 0 {
		return l
	}
	l.Known = true
	l.Origin = boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: topic, Partition: int32(partition)}, Offset: offset}
	l.Level = boostd.Level(max(0, number(headerLevel, math.MaxInt32)))
	if ms := number(headerTimestamp, maxMillis); ms >= 0 {
		l.ProducedAt = time.UnixMilli(ms).UTC()
	}
	return l
}

// maxMillis is the end of the year 9999: beyond it a time has no text that others read.
const maxMillis = 253402300799999

// moment reads a time, or is zero.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func coordinates(m *boostd.Message) boostd.Coordinates {
	return boostd.Coordinates{TopicPartition: m.TopicPartition(), Offset: m.Offset}
}
