package kafkaio

import "github.com/confluentinc/confluent-kafka-go/v2/kafka"

// LibraryVersion is that of librdkafka, which the client is built with.
func LibraryVersion() string {
	_, text := kafka.LibraryVersion()
	return text
}
