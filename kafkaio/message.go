package kafkaio

import (
	"strconv"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// producedAtHeader lets a producer say when it produced, in Unix nanoseconds:
// Kafka's own timestamp has milliseconds.
const producedAtHeader = "produced_at_ns"

// fill copies what boostd needs of the client's message, which is not kept: it
// holds on to its own topic string and bookkeeping. The topic is set already.
func fill(m *boostd.Message, k *kafka.Message, now time.Time) {
	m.Partition = k.TopicPartition.Partition
	m.Offset = int64(k.TopicPartition.Offset)
	m.Key, m.Value = k.Key, k.Value
	m.FetchedAt = now
	if k.TimestampType != kafka.TimestampNotAvailable {
		m.ProducedAt = k.Timestamp
	}
	if len(k.Headers) == 0 {
		return
	}
	m.Headers = make([]boostd.Header, len(k.Headers))
	for n, h := range k.Headers {
		m.Headers[n] = boostd.Header{Key: h.Key, Value: h.Value}
	}
	stamp(m)
}

// stamp takes the time of production from the header, where there is one.
func stamp(m *boostd.Message) {
	if v, ok := m.Header(producedAtHeader); ok {
		if ns, err := strconv.ParseInt(string(v), 10, 64); err == nil && ns > 0 {
			m.ProducedAt = time.Unix(0, ns)
		}
	}
}
