package rig

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// EachWritten reads topics from their beginning to their end of now.
func EachWritten(t testing.TB, brokers, topics []string, see func(m *kafka.Message)) {
	t.Helper()
	c, err := kafka.NewConsumer(&kafka.ConfigMap{
		"bootstrap.servers": strings.Join(brokers, ","), "group.id": "readers", "enable.auto.commit": false,
		"enable.partition.eof": true, "reconnect.backoff.max.ms": 500, "enable.metrics.push": false, "fetch.wait.max.ms": 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // only read
	open := map[boostd.TopicPartition]bool{}
	var all []kafka.TopicPartition
	for _, topic := range topics {
		m, err := c.GetMetadata(&topic, false, int(Patience.Milliseconds()))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Topics[topic].Partitions {
			tp := kafka.TopicPartition{Topic: &topic, Partition: p.ID, Offset: kafka.OffsetBeginning}
			all, open[place(tp)] = append(all, tp), true
		}
	}
	if err := c.Assign(all); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(2 * Patience); len(open) > 0; {
		if time.Now().After(end) {
			t.Fatalf("%d of %d partitions of %v are not read yet", len(open), len(all), topics)
		}
		switch e := c.Poll(1000).(type) {
		case *kafka.Message:
			see(e)
		case kafka.PartitionEOF:
			delete(open, place(kafka.TopicPartition(e)))
		case kafka.Error:
			if e.IsFatal() {
				t.Fatal(e)
			}
		}
	}
}

// place names a partition.
func place(tp kafka.TopicPartition) boostd.TopicPartition {
	return boostd.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition}
}

// Written are all messages of topics, in each partition's order.
func Written(t testing.TB, brokers []string, topics ...string) (all []*kafka.Message) {
	t.Helper()
	EachWritten(t, brokers, topics, func(m *kafka.Message) { all = append(all, m) })
	return all
}

// EachOnce checks that topics hold n messages with the values
// {"order_id": 0, …} to {"order_id": n-1, …}, each once.
func EachOnce(t testing.TB, brokers, topics []string, n int) {
	t.Helper()
	seen, strange := make([]int, n), 0
	EachWritten(t, brokers, topics, func(m *kafka.Message) {
		var number int
		if _, err := fmt.Sscanf(string(m.Value), `{"order_id": %d`, &number); err != nil || number < 0 || number >= n {
			strange++
			return
		}
		seen[number]++
	})
	lost, repeated := 0, 0
	for _, times := range seen {
		switch {
		case times == 0:
			lost++
		case times > 1:
			repeated++
		}
	}
	if lost+repeated+strange > 0 {
		t.Errorf("of %d messages %d are lost and %d there more than once; %d are strange; want 0 of all", n, lost, repeated, strange)
	}
}

// AwaitWritten waits until a topic holds at least n messages.
func AwaitWritten(t testing.TB, brokers []string, topic string, n int) {
	t.Helper()
	c, err := kafka.NewConsumer(&kafka.ConfigMap{"bootstrap.servers": strings.Join(brokers, ","), "group.id": "readers", "enable.metrics.push": false})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // only asked
	Eventually(t, fmt.Sprintf("%s has %d messages", topic, n), func() bool {
		m, err := c.GetMetadata(&topic, false, 2000)
		if err != nil {
			return false
		}
		sum := 0
		for _, p := range m.Topics[topic].Partitions {
			if _, end, err := c.QueryWatermarkOffsets(topic, p.ID, 2000); err == nil {
				sum += int(end)
			}
		}
		return sum >= n
	})
}
