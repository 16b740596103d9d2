package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kafkaboost/boostd"
)

// asking bounds one question to the brokers; what fails is asked again.
const asking = 5 * time.Second

// Client is the harness's own way to the brokers, past the proxies, with another
// client library than boostd's. It is a member of no group. Safe from any
// goroutine.
type Client struct{ kafka *kgo.Client }

// Dial makes a client; it doesn't wait for a connection.
func Dial(brokers []string) (*Client, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0),
		kgo.MetadataMaxAge(2*time.Second), kgo.MetadataMinAge(250*time.Millisecond), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.RequestTimeoutOverhead(2*time.Second), kgo.ProduceRequestTimeout(3*time.Second))
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return &Client{kafka: c}, nil
}

// Close ends the client.
func (c *Client) Close() { c.kafka.Close() }

// again asks until ask succeeds or ctx ends: while brokers die, most questions
// fail now and then.
func again(ctx context.Context, what string, ask func(ctx context.Context) error) error {
	for {
		one, cancel := context.WithTimeout(ctx, asking)
		err := ask(one)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// CreateTopic makes a topic; one that is there is no error.
func (c *Client) CreateTopic(ctx context.Context, name string, partitions int32, configs map[string]string) error {
	return again(ctx, "create topic "+name, func(ctx context.Context) error {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, -1
		for key, value := range configs {
			config := kmsg.NewCreateTopicsRequestTopicConfig()
			config.Name, config.Value = key, &value
			topic.Configs = append(topic.Configs, config)
		}
		req := kmsg.NewPtrCreateTopicsRequest()
		req.Topics = append(req.Topics, topic)
		resp, err := req.RequestWith(ctx, c.kafka)
		if err != nil {
			return err
		}
		return failure(resp.Topics[0].ErrorCode, kerr.TopicAlreadyExists)
	})
}

// DeleteTopic deletes a topic; one that isn't there is no error.
func (c *Client) DeleteTopic(ctx context.Context, name string) error {
	return again(ctx, "delete topic "+name, func(ctx context.Context) error {
		topic := kmsg.NewDeleteTopicsRequestTopic()
		topic.Topic = &name
		req := kmsg.NewPtrDeleteTopicsRequest()
		req.TopicNames, req.Topics = []string{name}, append(req.Topics, topic)
		resp, err := req.RequestWith(ctx, c.kafka)
		if err != nil {
			return err
		}
		return failure(resp.Topics[0].ErrorCode, kerr.UnknownTopicOrPartition)
	})
}

// Grow gives a topic more partitions; one that has them is no error.
func (c *Client) Grow(ctx context.Context, name string, partitions int32) error {
	return again(ctx, "grow topic "+name, func(ctx context.Context) error {
		topic := kmsg.NewCreatePartitionsRequestTopic()
		topic.Topic, topic.Count = name, partitions
		req := kmsg.NewPtrCreatePartitionsRequest()
		req.Topics = append(req.Topics, topic)
		resp, err := req.RequestWith(ctx, c.kafka)
		if err != nil {
			return err
		}
		return failure(resp.Topics[0].ErrorCode, kerr.InvalidPartitions)
	})
}

// failure is a code as an error, but for one that is none here.
func failure(code int16, fine *kerr.Error) error {
	if code == fine.Code {
		return nil
	}
	return kerr.ErrorForCode(code)
}

// Committed is what a group has committed; an error says that not all is known.
func (c *Client) Committed(ctx context.Context, group string) (map[boostd.TopicPartition]int64, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	one := kmsg.NewOffsetFetchRequestGroup()
	req.Group, one.Group, one.MemberEpoch = group, group, -1
	req.Groups, req.RequireStable = append(req.Groups, one), true // not what a dying coordinator alone has seen
	resp, err := req.RequestWith(ctx, c.kafka)
	if err != nil {
		return nil, fmt.Errorf("fetch offsets of %s: %w", group, err)
	}
	if len(resp.Groups) != 1 {
		return nil, fmt.Errorf("fetch offsets of %s: %d groups in the answer", group, len(resp.Groups))
	}
	err = kerr.ErrorForCode(resp.Groups[0].ErrorCode)
	all := map[boostd.TopicPartition]int64{}
	for _, t := range resp.Groups[0].Topics {
		for _, p := range t.Partitions {
			err = errors.Join(err, kerr.ErrorForCode(p.ErrorCode))
			if p.Offset >= 0 {
				all[boostd.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = p.Offset
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("fetch offsets of %s: %w", group, err)
	}
	return all, nil
}

// Ends are the offsets behind the last messages of topics.
func (c *Client) Ends(ctx context.Context, topics map[string]int32) (map[boostd.TopicPartition]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	for name, partitions := range topics {
		topic := kmsg.NewListOffsetsRequestTopic()
		topic.Topic = name
		for n := range partitions {
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition, p.Timestamp = n, -1
			topic.Partitions = append(topic.Partitions, p)
		}
		req.Topics = append(req.Topics, topic)
	}
	all := map[boostd.TopicPartition]int64{}
	for _, shard := range c.kafka.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return nil, fmt.Errorf("list offsets: %w", shard.Err)
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, fmt.Errorf("list offsets: %w", err)
				}
				all[boostd.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = p.Offset
			}
		}
	}
	return all, nil
}

// Coordinator is the broker that coordinates a group.
func (c *Client) Coordinator(ctx context.Context, group string) (int, error) {
	req := kmsg.NewPtrFindCoordinatorRequest()
	req.CoordinatorKey, req.CoordinatorKeys = group, []string{group}
	resp, err := req.RequestWith(ctx, c.kafka)
	if err != nil {
		return 0, fmt.Errorf("find coordinator of %s: %w", group, err)
	}
	if len(resp.Coordinators) != 1 {
		return int(resp.NodeID), kerr.ErrorForCode(resp.ErrorCode)
	}
	return int(resp.Coordinators[0].NodeID), kerr.ErrorForCode(resp.Coordinators[0].ErrorCode)
}
