package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// TopicSpec is a topic to have.
type TopicSpec struct {
	Name string
	// Partitions is at least 1, or BrokerDefault, as replication always is.
	Partitions int
}

// BrokerDefault leaves the number of partitions to the broker.
const BrokerDefault = -1

// Admin asks for and changes topics and groups. Its methods are safe from any
// goroutine; each is bounded by its context, which must have a deadline.
type Admin struct {
	client    *kafka.AdminClient
	brokers   []string
	diagnosis *diagnosis
	closed    sync.Once
}

// NewAdmin makes the client; it doesn't connect yet.
func NewAdmin(c Config) (*Admin, error) {
	d := newDiagnosis()
	client, err := newAdmin(c, "admin", d.logs)
	if err != nil {
		d.close()
		return nil, err
	}
	return &Admin{client: client, brokers: c.Brokers, diagnosis: d}, nil
}

// newAdmin makes a client whose log goes to logs; where that is nil there is
// none: an admin's failures are its calls' errors.
func newAdmin(c Config, name string, logs chan kafka.LogEvent) (*kafka.AdminClient, error) {
	config := c.admin(name)
	if logs == nil {
		delete(*config, "go.logs.channel.enable")
		(*config)["log_level"] = "2"
	} else {
		(*config)["go.logs.channel"] = logs
	}
	client, err := kafka.NewAdminClient(config)
	if err != nil {
		return nil, fmt.Errorf("make admin client: %w", err)
	}
	return client, nil
}

// Close ends the client. A second call does no harm.
func (a *Admin) Close() {
	a.closed.Do(func() {
		a.client.Close()
		a.diagnosis.close()
	})
}

// ErrUnreachable says that no broker answered.
var ErrUnreachable = errors.New("no broker answers")

// Connect waits until a broker answers. Its error wraps ErrUnreachable, names
// the brokers that were tried, and says what the last connection failed of.
func (a *Admin) Connect(ctx context.Context) error {
	for {
		_, err := a.client.GetMetadata(nil, true, 1000)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("reach kafka at %s: %w (%s)", strings.Join(a.brokers, ", "), ErrUnreachable, a.diagnosis.why(err))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Topics returns the partition counts of all topics.
func (a *Admin) Topics(ctx context.Context) (map[string]int, error) {
	meta, err := a.client.GetMetadata(nil, true, remaining(ctx))
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	topics := map[string]int{}
	for name, t := range meta.Topics {
		if t.Error.Code() == kafka.ErrNoError {
			topics[name] = len(t.Partitions)
		}
	}
	return topics, nil
}

// remaining is the time to ctx's deadline in milliseconds, at least 1.
func remaining(ctx context.Context) int {
	deadline, ok := ctx.Deadline()
	if !ok {
		return int(probeTimeout.Milliseconds())
	}
	return max(1, int(time.Until(deadline).Milliseconds()))
}

// EnsureTopics creates those that don't exist and waits until all of them are
// known with all their partitions, which takes up to some tens of milliseconds
// after the broker's answer. It returns the names that it created.
func (a *Admin) EnsureTopics(ctx context.Context, specs []TopicSpec) ([]string, error) {
	have, err := a.Topics(ctx)
	if err != nil {
		return nil, err
	}
	var missing []kafka.TopicSpecification
	wanted := map[string]bool{} // a duplicate name in one call crashes the client
	for _, s := range specs {
		if _, ok := have[s.Name]; !ok && !wanted[s.Name] {
			missing = append(missing, kafka.TopicSpecification{Topic: s.Name, NumPartitions: s.Partitions, ReplicationFactor: -1})
		}
		wanted[s.Name] = true
	}
	if len(missing) == 0 {
		return nil, nil
	}
	results, err := a.client.CreateTopics(ctx, missing)
	if err != nil {
		return nil, fmt.Errorf("create %d topics: %w", len(missing), err)
	}
	var created []string
	var errs []error
	for _, r := range results {
		switch r.Error.Code() {
		case kafka.ErrNoError:
			created = append(created, r.Topic)
		case kafka.ErrTopicAlreadyExists: // somebody was faster
		default:
			errs = append(errs, fmt.Errorf("create topic %q: %w", r.Topic, r.Error))
		}
	}
	slices.Sort(created)
	if len(errs) > 0 {
		return created, errors.Join(errs...)
	}
	return created, a.awaitTopics(ctx, missing)
}

func (a *Admin) awaitTopics(ctx context.Context, specs []kafka.TopicSpecification) error {
	for {
		have, err := a.Topics(ctx)
		complete := err == nil
		for _, s := range specs {
			complete = complete && have[s.Topic] > 0
		}
		if complete {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the metadata of new topics: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// DeleteTopics deletes topics; those that don't exist are no error.
func (a *Admin) DeleteTopics(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	results, err := a.client.DeleteTopics(ctx, names)
	if err != nil {
		return fmt.Errorf("delete %d topics: %w", len(names), err)
	}
	var errs []error
	for _, r := range results {
		if c := r.Error.Code(); c != kafka.ErrNoError && c != kafka.ErrUnknownTopicOrPart {
			errs = append(errs, fmt.Errorf("delete topic %q: %w", r.Topic, r.Error))
		}
	}
	return errors.Join(errs...)
}

// DeleteGroups deletes consumer groups; those that don't exist are no error.
// The broker refuses groups that have members.
func (a *Admin) DeleteGroups(ctx context.Context, groups []string) error {
	if len(groups) == 0 {
		return nil
	}
	result, err := a.client.DeleteConsumerGroups(ctx, groups)
	if err != nil {
		return fmt.Errorf("delete %d groups: %w", len(groups), err)
	}
	var errs []error
	for _, r := range result.ConsumerGroupResults {
		if c := r.Error.Code(); c != kafka.ErrNoError && c != kafka.ErrGroupIDNotFound {
			errs = append(errs, fmt.Errorf("delete group %q: %w", r.Group, r.Error))
		}
	}
	return errors.Join(errs...)
}

// Committed returns a group's committed offsets; partitions without one are
// absent.
func (a *Admin) Committed(ctx context.Context, group string) (map[boostd.TopicPartition]int64, error) {
	result, err := a.client.ListConsumerGroupOffsets(ctx, []kafka.ConsumerGroupTopicPartitions{{Group: group}})
	if err != nil {
		return nil, fmt.Errorf("list offsets of group %s: %w", group, err)
	}
	offsets := map[boostd.TopicPartition]int64{}
	for _, g := range result.ConsumerGroupsTopicPartitions {
		for _, p := range g.Partitions {
			if p.Error == nil && p.Offset >= 0 {
				offsets[boostd.TopicPartition{Topic: *p.Topic, Partition: p.Partition}] = int64(p.Offset)
			}
		}
	}
	return offsets, nil
}
