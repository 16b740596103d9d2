package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// Onlooker asks how far a group is that others are in: it never joins. A plain
// client asks, because an admin client's question for a group can end the process
// (see Source.askOrigins). Not safe for concurrent use.
type Onlooker struct {
	admin  *Admin
	group  string
	client *kafka.Consumer
}

// Progress is how far a group is with some topics.
type Progress struct {
	// Committed are the group's offsets; partitions without one are absent.
	Committed map[boostd.TopicPartition]int64
	// Waiting is what lies behind them, by topic. A topic of which a part is unknown
	// is absent.
	Waiting map[string]int64
}

// Onlook makes an onlooker of a group; it doesn't connect yet. The caller closes
// it, before the Admin.
func (a *Admin) Onlook(group string) (*Onlooker, error) {
	client, err := a.bystander(group, "onlooker")
	if err != nil {
		return nil, err
	}
	return &Onlooker{a, group, client}, nil
}

// Close ends the client; with brokers that hang its end may come after ctx's.
func (o *Onlooker) Close(ctx context.Context) { closeInTime(ctx, o.client) }

// Progress asks for topics with their partitions; ctx has a deadline. Partitions
// without a committed offset count as kafka.start says: all that is there, or
// nothing where the group would begin at their ends.
func (o *Onlooker) Progress(ctx context.Context, topics map[string]int) (Progress, error) {
	committed, unknown, err := o.committed(ctx, topics)
	if err != nil {
		return Progress{}, err
	}
	known := maps.Clone(topics)
	maps.DeleteFunc(known, func(topic string, _ int) bool { return slices.Contains(unknown, topic) })
	from := committed
	if o.admin.config.Start != "earliest" {
		if from, err = o.fromEnds(ctx, known, committed); err != nil {
			return Progress{}, err
		}
	}
	waiting, err := o.admin.count(ctx, known, from)
	return Progress{committed, waiting}, err
}

// committed are the group's offsets; unknown are topics of which a part failed.
func (o *Onlooker) committed(ctx context.Context, topics map[string]int) (committed map[boostd.TopicPartition]int64, unknown []string, err error) {
	answer, err := o.ask(ctx, partitionsOf(topics))
	if err != nil {
		return nil, nil, err
	}
	committed = map[boostd.TopicPartition]int64{}
	for _, p := range answer {
		switch {
		case p.Error != nil:
			unknown = append(unknown, *p.Topic)
		case p.Offset >= 0:
			committed[partitionOf(p)] = int64(p.Offset)
		}
	}
	return committed, unknown, nil
}

// ask is the question for the group's offsets and metadata, in one call.
func (o *Onlooker) ask(ctx context.Context, tps []boostd.TopicPartition) ([]kafka.TopicPartition, error) {
	answer, err := o.client.Committed(toKafka(tps), remaining(ctx))
	// The embedded broker refuses a group that has never been, Kafka doesn't.
	if k, ok := errors.AsType[kafka.Error](err); ok && k.Code() == kafka.ErrGroupIDNotFound {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("list committed offsets of %s: %w", o.group, err)
	}
	return answer, nil
}

// fromEnds adds the ends of the partitions that have no committed offset.
func (o *Onlooker) fromEnds(ctx context.Context, topics map[string]int, committed map[boostd.TopicPartition]int64) (map[boostd.TopicPartition]int64, error) {
	from, err := listEnds(ctx, o.admin.client, o.admin.config.isolation(), partitionsOf(topics))
	if err != nil {
		return nil, err
	}
	maps.Copy(from, committed)
	return from, nil
}
