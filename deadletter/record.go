package deadletter

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// prefix begins the names of all headers that are boostd's own.
const prefix = "boostd_dlq_"

// The headers of a letter and, the last two, of a mark. Numbers are decimal,
// times RFC 3339 in UTC; what isn't known is absent.
const (
	headerReason      = prefix + "reason"
	headerAttempts    = prefix + "attempts"
	headerHandler     = prefix + "handler"
	headerTopic       = prefix + "topic"
	headerPartition   = prefix + "partition"
	headerOffset      = prefix + "offset"
	headerTimestamp   = prefix + "timestamp" // milliseconds, as Kafka has them
	headerLevel       = prefix + "level"
	headerFirstFailed = prefix + "first_failed"
	headerLastFailed  = prefix + "last_failed"
	headerReplays     = prefix + "replays"
	headerResolved    = prefix + "resolved"
	headerResolution  = prefix + "resolution"
)

// maxReason bounds a reason in bytes: a handler's whole output is for its log.
const maxReason = 2048

// Death is what the daemon knows when a message dies.
type Death struct {
	// Reason says why, for people. Beyond 2,048 bytes it is cut.
	Reason string
	// Attempts is how often it was tried, the last one included.
	Attempts int
	Handler  string
	// FirstFailed and LastFailed are when the first and the last attempt failed;
	// zero when it isn't known.
	FirstFailed, LastFailed time.Time
}

// Record is the dead letter of a message: what goes to the topic that
// priority.DeadLetterTopic names. Key, value and the headers' values are the
// message's own, not copies; the list of headers is new. Headers of an earlier
// death are left out, but for how often it was replayed.
func Record(m *boostd.Message, d Death) (key, value []byte, headers []boostd.Header) {
	headers, replays := strip(m.Headers, 11)
	add := func(name, text string) {
		headers = append(headers, boostd.Header{Key: name, Value: []byte(text)})
	}
	number := func(name string, n int64) { add(name, strconv.FormatInt(n, 10)) }
	moment := func(name string, t time.Time) {
		if !t.IsZero() {
			add(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	add(headerReason, cutReason(d.Reason))
	number(headerAttempts, int64(d.Attempts))
	add(headerHandler, d.Handler)
	add(headerTopic, m.Topic)
	number(headerPartition, int64(m.Partition))
	number(headerOffset, m.Offset)
	if !m.ProducedAt.IsZero() {
		number(headerTimestamp, m.ProducedAt.UnixMilli())
	}
	number(headerLevel, int64(m.Level))
	moment(headerFirstFailed, d.FirstFailed)
	moment(headerLastFailed, d.LastFailed)
	if replays > 0 {
		number(headerReplays, int64(replays))
	}
	return m.Key, m.Value, headers
}

// strip is the headers that aren't boostd's own, in a new list with room for so
// many more, and how often the message was replayed.
func strip(headers []boostd.Header, room int) (rest []boostd.Header, replays int) {
	rest = make([]boostd.Header, 0, len(headers)+room)
	for _, h := range headers {
		switch {
		case h.Key == headerReplays:
			replays = int(min(max(0, decimal(h.Value, 0)), math.MaxInt32))
		case !strings.HasPrefix(h.Key, prefix):
			rest = append(rest, h)
		}
	}
	return rest, replays
}

// cutReason is a reason as UTF-8, and not too long.
func cutReason(reason string) string {
	if len(reason) > maxReason {
		reason = reason[:maxReason]
	}
	return strings.ToValidUTF8(reason, "")
}

// decimal reads a number of at most 63 bits, or is another one.
func decimal(text []byte, otherwise int64) int64 {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}
