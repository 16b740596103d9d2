package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kafkaboost/boostd/test/bench/task"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// stage is where one case happens: a broker, a client of our own, a folder, and what
// is measured there.
type stage struct {
	cluster *kafkatest.Cluster
	client  *kgo.Client
	dir     string
	launch  launcher
	sizes   sizes
	into    *collector
	// say tells whoever watches.
	say func(format string, args ...any)
	// groups counts the names that were given, so that none comes twice.
	groups int
}

// partitions is how many a topic of a level has.
const partitions = 6

// openStage starts a broker. The caller closes the stage.
func openStage(ctx context.Context, s stage) (*stage, error) {
	// The tests' broker rolls a segment every 16 MiB; here that would be hundreds of files.
	properties := map[string]string{"log.segment.bytes": strconv.Itoa(256 << 20)}
	var err error
	if s.cluster, err = kafkatest.Start(ctx, kafkatest.Options{Properties: properties}); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "boostd-bench-"); err != nil {
		return nil, errors.Join(fmt.Errorf("make folder: %w", err), s.cluster.Close())
	}
	s.client, err = kgo.NewClient(kgo.SeedBrokers(s.cluster.Brokers()...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		// Sent at once, as they are: what a message waits for shall be the contestant.
		kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordDeliveryTimeout(time.Minute),
		// A topic that was just made isn't known at once.
		kgo.UnknownTopicRetries(-1))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make client: %w", err), s.close())
	}
	return &s, nil
}

func (s *stage) close() error {
	if s.client != nil {
		s.client.Close()
	}
	return errors.Join(os.RemoveAll(s.dir), s.cluster.Close())
}

// task is one with what all have in common. Its group is new, unless it is set later.
func (s *stage) task(base string, highest int) task.Task {
	s.groups++
	return task.Task{Brokers: s.cluster.Brokers(), Base: base, Highest: highest, Partitions: partitions,
		Group: fmt.Sprintf("g%d", s.groups), Slots: 64, Order: "none"}
}

// start starts a contestant in a folder of its own, which goes with the stage.
func (s *stage) start(ctx context.Context, name string, t task.Task) (*contestant, error) {
	if t.Dir == "" {
		dir, err := os.MkdirTemp(s.dir, name+"-")
		if err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
		t.Dir = dir
	}
	return start(ctx, s.launch, name, t)
}

// topic is the name of a level's topic.
func topic(base string, level int) string { return fmt.Sprintf("%s_%d", base, level) }

// create creates the topics of levels 0 to highest, each with so many partitions, and
// the base topic, which boostd would create otherwise while its clock runs.
func (s *stage) create(ctx context.Context, base string, highest, partitions int) error {
	request := kmsg.NewPtrCreateTopicsRequest()
	request.TimeoutMillis = 30_000
	add := func(name string, partitions int) {
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = name, int32(partitions), 1
		request.Topics = append(request.Topics, t)
	}
	add(base, 1)
	for level := range highest + 1 {
		add(topic(base, level), partitions)
	}
	response, err := request.RequestWith(ctx, s.client)
	if err != nil {
		return fmt.Errorf("create topics of %s: %w", base, err)
	}
	for _, t := range response.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return fmt.Errorf("create topic %s: %w", t.Topic, err)
		}
	}
	return nil
}

// empty deletes all records of a topic: a new group begins behind them.
func (s *stage) empty(ctx context.Context, name string, partitions int) error {
	request := kmsg.NewPtrDeleteRecordsRequest()
	request.TimeoutMillis = 30_000
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = name
	for n := range partitions {
		p := kmsg.NewDeleteRecordsRequestTopicPartition()
		p.Partition, p.Offset = int32(n), -1 // up to the high watermark
		t.Partitions = append(t.Partitions, p)
	}
	request.Topics = append(request.Topics, t)
	response, err := request.RequestWith(ctx, s.client)
	if err != nil {
		return fmt.Errorf("empty topic %s: %w", name, err)
	}
	for _, t := range response.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("empty topic %s, partition %d: %w", name, p.Partition, err)
			}
		}
	}
	return nil
}
