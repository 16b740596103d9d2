package rig

import (
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/priority"
)

// Metadata is how long the metadata is that the base group has committed of its
// base topic's partitions, by partition.
func (s *Setup) Metadata(t testing.TB) map[int32]int {
	t.Helper()
	client, err := kafka.NewConsumer(&kafka.ConfigMap{
		"bootstrap.servers": strings.Join(s.Config.Brokers, ","), "group.id": priority.BaseGroup(s.Group),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	partitions := make([]kafka.TopicPartition, s.Partitions)
	for n := range partitions {
		partitions[n] = kafka.TopicPartition{Topic: &s.Base, Partition: int32(n)}
	}
	committed, err := client.Committed(partitions, int(Patience.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	lengths := map[int32]int{}
	for _, p := range committed {
		if p.Metadata != nil {
			lengths[p.Partition] = len(*p.Metadata)
		}
	}
	return lengths
}
