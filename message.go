package boostd

import (
	"fmt"
	"slices"
	"time"
)

// Level is a priority: 0 … max_priority of the settings document, higher first.
type Level int

// TopicPartition names one partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String formats the partition as topic/partition, as every log line and
// command of boostd writes it.
func (tp TopicPartition) String() string {
	return fmt.Sprintf("%s/%d", tp.Topic, tp.Partition)
}

// Header is one Kafka record header. Keys may repeat within a message.
type Header struct {
	Key   string
	Value []byte
}

// Message is one record on its way from a Source to a handler.
//
// Ownership: the Source fills it and lets go of it with the Batch that carries
// it; the consumer actor sets Level, the scheduler Attempt; for a handler it is
// read-only, and the handler's no longer once it has reported it. Whoever settles it
// gives it back to the Source, which drops the payload; one that is done then becomes
// another message.
type Message struct {
	Topic     string
	Partition int32
	// Epoch is the Source's own number for this assignment of the partition;
	// it travels with the message so that a result of an old assignment is
	// recognised. Nothing above the Source reads it.
	Epoch  uint32
	Offset int64
	// Level is set by the consumer actor.
	Level Level
	// Tenant is a hash of whose message it is, set by the consumer actor; zero where
	// the topic has no tenants. Those of a level take turns.
	Tenant uint64
	// Attempt counts from 1; set by the scheduler before each dispatch. The Source
	// sets it to how many attempts have failed before it read the message.
	Attempt int
	// Held says that the message was given up before the Source read it, and waits
	// for a person. Set by the Source, read by the scheduler.
	Held bool

	// Key is nil when the record has none; an empty key is not nil.
	Key []byte
	// Value is nil for a tombstone.
	Value   []byte
	Headers []Header

	// Memory is the Source's: what Key, Value and the headers' values lie in, when it
	// is to be used again; nil otherwise.
	Memory []byte

	// ProducedAt is the header produced_at_ns where there is one, otherwise
	// Kafka's timestamp; zero when neither is known.
	ProducedAt time.Time
	// FetchedAt is taken when the client's poll returned the message, before
	// any queue. It carries a monotonic reading.
	FetchedAt time.Time
}

// TopicPartition returns the partition that the message came from.
func (m *Message) TopicPartition() TopicPartition {
	return TopicPartition{Topic: m.Topic, Partition: m.Partition}
}

// Coordinates name the record that the message was.
func (m *Message) Coordinates() Coordinates { return Coordinates{m.TopicPartition(), m.Offset} }

// messageOverhead is what a message costs here beside its payload: the struct,
// its place in the queues and the allocator's rounding, in bytes.
const messageOverhead = 512

// Size is the memory that the message is accounted with, in bytes: payload,
// headers and a fixed overhead.
func (m *Message) Size() int {
	n := messageOverhead + len(m.Key) + len(m.Value)
	for i := range m.Headers {
		n += len(m.Headers[i].Key) + len(m.Headers[i].Value) + 40
	}
	return n
}

// Header returns the value of the last header with that key, as Kafka's own
// clients read repeated headers, and whether there is one.
func (m *Message) Header(key string) ([]byte, bool) {
	for _, h := range slices.Backward(m.Headers) {
		if h.Key == key {
			return h.Value, true
		}
	}
	return nil, false
}

// String names the message by its coordinates. It never shows the payload, so
// that a message may appear in any log or dead-letter line.
func (m *Message) String() string {
	return m.Coordinates().String()
}
