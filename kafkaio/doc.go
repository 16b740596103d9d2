// Package kafkaio speaks to Kafka: the group Source (consumer, offset tracking,
// commits, rebalances), topic and group administration, the backlog probe, and
// a producer.
//
// It owns confluent-kafka-go and everything that is known about librdkafka's
// behaviour; no other room imports it. It owns no priority and no scheduling:
// what it fetches it emits in the order of fetching, and it goes on fetching
// until its window is full or it is told to pause. DESIGN.md has the reasons.
package kafkaio
