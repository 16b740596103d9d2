package kafkaio

import (
	"context"
	"errors"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// Messages counts what is in topics now, by the difference of their last and
// first offsets; topics has their partitions. A topic of which a part is unknown
// is absent.
func (a *Admin) Messages(ctx context.Context, topics map[string]int) (map[string]int64, error) {
	return a.count(ctx, topics, nil)
}

// Waiting counts what a group has not committed of topics; without a committed
// offset all that is there counts. It is for topics that nobody of this process
// may read.
func (a *Admin) Waiting(ctx context.Context, group string, topics map[string]int) (map[string]int64, error) {
	o, err := a.Onlook(group)
	if err != nil {
		return nil, err
	}
	defer o.Close(ctx)
	committed, _, err := o.committed(ctx, topics)
	// A group that this user may not see has committed nothing for all we know.
	if k, ok := errors.AsType[kafka.Error](err); err != nil && (!ok || !refused(k)) {
		return nil, err
	}
	return a.count(ctx, topics, committed)
}

// bystander is a client of a group that never joins it: it asks for offsets, and
// commits some while nobody is in. Its failures are its calls' errors.
func (a *Admin) bystander(group, name string) (*kafka.Consumer, error) {
	config := configMap(a.config.ConsumerProperties(group, name))
	delete(*config, "go.logs.channel.enable")
	(*config)["log_level"] = "2"
	client, err := kafka.NewConsumer(config)
	if err != nil {
		return nil, fmt.Errorf("make client of group %s: %w", group, a.config.connection("").explainNew(err))
	}
	return client, nil
}

// closeInTime closes a client that has joined nothing and holds nothing that
// could be lost. With brokers that hang its end may come after ctx's.
func closeInTime(ctx context.Context, client *kafka.Consumer) {
	closed := make(chan struct{})
	go func() { _ = client.Close(); close(closed) }()
	select {
	case <-closed:
	case <-ctx.Done():
	}
}

// count sums what lies between the committed or first offset and the last.
func (a *Admin) count(ctx context.Context, topics map[string]int, committed map[boostd.TopicPartition]int64) (map[string]int64, error) {
	tps := partitionsOf(topics)
	first, err := listOffsets(ctx, a.client, a.config.isolation(), tps, kafka.EarliestOffsetSpec)
	if err != nil {
		return nil, err
	}
	last, err := listOffsets(ctx, a.client, a.config.isolation(), tps, kafka.LatestOffsetSpec)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64, len(topics))
	for topic := range topics {
		counts[topic] = 0
	}
	for _, tp := range tps {
		from, known := first[tp]
		end, knownEnd := last[tp]
		if !known || !knownEnd {
			delete(counts, tp.Topic)
			continue
		}
		// An offset below the first one was deleted since, one behind the last is
		// of a topic that was made anew.
		if at, ok := committed[tp]; ok && at <= end {
			from = max(from, at)
		}
		if _, whole := counts[tp.Topic]; whole {
			counts[tp.Topic] += end - from
		}
	}
	return counts, nil
}

// partitionsOf lists all partitions of topics.
func partitionsOf(topics map[string]int) (tps []boostd.TopicPartition) {
	for topic, n := range topics {
		for p := range n {
			tps = append(tps, boostd.TopicPartition{Topic: topic, Partition: int32(p)})
		}
	}
	return tps
}
