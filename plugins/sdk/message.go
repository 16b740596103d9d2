package sdk

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// Message is a message from Kafka. It is the handler's own with all its bytes: it may
// be changed, and kept after the call.
type Message struct {
	Topic     string
	Partition int32
	Offset    int64
	// Level is the priority: the higher, the more urgent.
	Level int
	// Attempt counts from 1.
	Attempt int
	// Key is nil when the record has none, and empty when it has an empty one.
	Key []byte
	// Value is nil for a tombstone.
	Value []byte
	// Headers are the record's in their order; the same key may be there twice.
	Headers []Header
	// ProducedAt is when it was produced. It is zero when nobody knows.
	ProducedAt time.Time
}

// Header is a header of a record. Value is nil when it has none.
type Header struct {
	Key   string
	Value []byte
}

// Header is the value of the last header with that key, the one that counts by Kafka's
// custom, and whether there is one.
func (m *Message) Header(key string) (value []byte, ok bool) {
	for _, h := range slices.Backward(m.Headers) {
		if h.Key == key {
			return h.Value, true
		}
	}
	return nil, false
}

// set takes over what came over the wire, where every field has bytes of its own.
func (m *Message) set(w *wire.Message) {
	*m = Message{
		Topic: w.GetTopic(), Partition: w.GetPartition(), Offset: w.GetOffset(),
		Level: int(w.GetLevel()), Attempt: int(w.GetAttempt()),
		Key: w.GetKey(), Value: w.GetValue(),
	}
	if ns := w.GetProducedAtNs(); ns != 0 {
		m.ProducedAt = time.Unix(0, ns)
	}
	if headers := w.GetHeaders(); len(headers) > 0 {
		m.Headers = make([]Header, len(headers))
		for i, h := range headers {
			m.Headers[i] = Header{h.GetKey(), h.GetValue()}
		}
	}
}
