package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/priority"
)

// NewTopics is the section `kafka.new_topics:` of boostd.yaml: what the topics
// that boostd creates are like.
type NewTopics struct {
	// ReplicationFactor is the number of replicas, 1 to 32767; without it the
	// broker's default.
	ReplicationFactor int `yaml:"replication_factor"`
	// Config is topic configuration by Kafka's names, such as
	// min.insync.replicas; what is absent is the broker's default.
	Config map[string]string `yaml:"config"`
}

// SetDefaults fills what is absent.
func (n *NewTopics) SetDefaults() {
	if n.ReplicationFactor == 0 {
		n.ReplicationFactor = BrokerDefault
	}
}

// Validate returns everything that is wrong.
func (n NewTopics) Validate() []error {
	if r := n.ReplicationFactor; r != BrokerDefault && (r < 1 || r > 32767) {
		return []error{fmt.Errorf("replication_factor: %d: want 1 to 32767", r)}
	}
	return nil
}

// TopicSpec is a topic to have.
type TopicSpec struct {
	Name string
	// Partitions is at least 1, or BrokerDefault.
	Partitions int
	// DeadLetters: the topic is for dead letters. Unless kafka.new_topics.config
	// says otherwise it keeps them until they are purged, and it is never
	// compacted: a letter may have no key, and a mark has none.
	DeadLetters bool
}

// keptForGood is the configuration of a topic whose messages don't go by
// themselves.
var keptForGood = map[string]string{"retention.ms": "-1", "retention.bytes": "-1"}

// BrokerDefault leaves a number to the broker.
const BrokerDefault = priority.BrokerDefault

const (
	// maxRequest is how many partitions Kafka takes in one request.
	maxRequest = 10_000
	// assumedDefault is what a topic with the broker's default partitions counts
	// as in a request: nobody knows it before.
	assumedDefault = 1000
	// visible is how long new topics and partitions may take to be seen.
	visible = 5 * time.Second
)

// Topics returns the partition counts of all topics that this user may see.
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

// EnsureTopics creates those that don't exist, and returns the names that it
// created. Existing ones stay as they are.
func (a *Admin) EnsureTopics(ctx context.Context, specs []TopicSpec) ([]string, error) {
	have, err := a.Topics(ctx)
	if err != nil {
		return nil, err
	}
	specs = slices.DeleteFunc(slices.Clone(specs), func(s TopicSpec) bool { _, ok := have[s.Name]; return ok })
	done, err := a.ChangeTopics(ctx, specs, nil)
	return done.Created, err
}

// TopicsDone is what ChangeTopics has changed, sorted. What somebody else has
// done meanwhile isn't in it.
type TopicsDone struct{ Created, Grown []string }

// CarryOut does what a plan asks for: it creates and grows topics and takes
// nothing away. Its error names every topic that couldn't be had and why; the
// others are done all the same.
func (a *Admin) CarryOut(ctx context.Context, plan []priority.TopicChange) (TopicsDone, error) {
	var create, grow []TopicSpec
	var errs []error
	for _, c := range plan {
		switch c.Action {
		case priority.Create:
			create = append(create, TopicSpec{c.Name, c.Want, c.Level == priority.DeadLetters})
		case priority.Grow:
			grow = append(grow, TopicSpec{Name: c.Name, Partitions: c.Want})
		case priority.Conflict:
			errs = append(errs, fmt.Errorf("create topic %q: topic %q exists or is asked for too, and Kafka refuses names that differ only in '.' and '_': rename one of them", c.Name, c.Other))
		}
	}
	done, err := a.ChangeTopics(ctx, create, grow)
	return done, errors.Join(append(errs, err)...)
}

// ChangeTopics creates topics and adds partitions to others, up to the number
// given, and waits until all are seen, which takes up to some tens of
// milliseconds. Where somebody else does the same at the same time, both are
// right. A name may be given twice.
func (a *Admin) ChangeTopics(ctx context.Context, create, grow []TopicSpec) (TopicsDone, error) {
	var done TopicsDone
	var errs []error
	var changed []TopicSpec
	for _, batch := range batches(create) {
		created, there, err := a.create(ctx, batch)
		done.Created, changed, errs = append(done.Created, created...), append(changed, there...), append(errs, err)
	}
	for _, batch := range batches(grow) {
		grown, there, err := a.grow(ctx, batch)
		done.Grown, changed, errs = append(done.Grown, grown...), append(changed, there...), append(errs, err)
	}
	slices.Sort(done.Created)
	slices.Sort(done.Grown)
	return done, errors.Join(append(errs, a.awaitTopics(ctx, changed))...)
}

// batches cuts a list into requests of a size that Kafka takes. A duplicate name
// in one call crashes the client: the first one counts.
func batches(specs []TopicSpec) (all [][]TopicSpec) {
	seen := map[string]bool{}
	size := 0
	for _, s := range specs {
		if seen[s.Name] {
			continue
		}
		seen[s.Name] = true
		n := s.Partitions
		if n == BrokerDefault {
			n = assumedDefault
		}
		if size += n; len(all) == 0 || size > maxRequest {
			all, size = append(all, nil), n
		}
		all[len(all)-1] = append(all[len(all)-1], s)
	}
	return all
}

// create makes one request's topics. there are those that exist now.
func (a *Admin) create(ctx context.Context, specs []TopicSpec) (created []string, there []TopicSpec, err error) {
	request := make([]kafka.TopicSpecification, len(specs))
	for n, s := range specs {
		request[n] = kafka.TopicSpecification{Topic: s.Name, NumPartitions: s.Partitions,
			ReplicationFactor: a.replication(), Config: a.topicConfig(s)}
	}
	results, err := a.client.CreateTopics(ctx, request, kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return nil, nil, fmt.Errorf("create %d topics: %w", len(specs), err)
	}
	var errs []error
	for _, r := range results {
		switch r.Error.Code() {
		case kafka.ErrNoError:
			created, there = append(created, r.Topic), append(there, TopicSpec{Name: r.Topic, Partitions: 1})
		case kafka.ErrTopicAlreadyExists: // somebody was faster
			there = append(there, TopicSpec{Name: r.Topic, Partitions: 1})
		default:
			errs = append(errs, a.cannotCreate(r.Topic, r.Error))
		}
	}
	return created, there, errors.Join(errs...)
}

// topicConfig is a new topic's configuration.
func (a *Admin) topicConfig(s TopicSpec) map[string]string {
	if !s.DeadLetters {
		return a.config.NewTopics.Config
	}
	return merge(keptForGood, a.config.NewTopics.Config, map[string]string{"cleanup.policy": "delete"})
}

func (a *Admin) replication() int {
	if r := a.config.NewTopics.ReplicationFactor; r > 0 {
		return r
	}
	return BrokerDefault
}

// cannotCreate is a broker's refusal with what to do.
func (a *Admin) cannotCreate(topic string, err kafka.Error) error {
	switch {
	case refused(err):
		return fmt.Errorf("create topic %q: the permission is missing: allow Create on the topic or on the cluster: %w", topic, err)
	case err.Code() == kafka.ErrInvalidReplicationFactor:
		return fmt.Errorf("create topic %q with %d replicas: more than there are brokers: lower kafka.new_topics.replication_factor or, without that, the brokers' default.replication.factor: %w",
			topic, a.replication(), err)
	case err.Code() == kafka.ErrInvalidConfig:
		return fmt.Errorf("create topic %q: correct kafka.new_topics.config: %w", topic, err)
	}
	return fmt.Errorf("create topic %q: %w", topic, err)
}

// grow adds one request's partitions. there are those that have them now.
func (a *Admin) grow(ctx context.Context, specs []TopicSpec) (grown []string, there []TopicSpec, err error) {
	want := map[string]int{}
	request := make([]kafka.PartitionsSpecification, len(specs))
	for n, s := range specs {
		want[s.Name] = s.Partitions
		request[n] = kafka.PartitionsSpecification{Topic: s.Name, IncreaseTo: s.Partitions}
	}
	results, err := a.client.CreatePartitions(ctx, request, kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return nil, nil, fmt.Errorf("add partitions to %d topics: %w", len(specs), err)
	}
	var errs []error
	for _, r := range results {
		switch code := r.Error.Code(); {
		case code == kafka.ErrNoError:
			grown, there = append(grown, r.Topic), append(there, TopicSpec{Name: r.Topic, Partitions: want[r.Topic]})
		case code == kafka.ErrInvalidPartitions && a.awaitTopics(ctx, []TopicSpec{{Name: r.Topic, Partitions: want[r.Topic]}}) == nil:
			// Somebody was faster: it has them, and was not seen with them yet.
		case refused(r.Error):
			errs = append(errs, fmt.Errorf("add partitions to topic %q: the permission is missing: allow Alter on the topic: %w", r.Topic, r.Error))
		default:
			errs = append(errs, fmt.Errorf("add partitions to topic %q: %w", r.Topic, r.Error))
		}
	}
	return grown, there, errors.Join(errs...)
}

// awaitTopics waits until topics are seen with at least so many partitions.
func (a *Admin) awaitTopics(ctx context.Context, specs []TopicSpec) error {
	if len(specs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, visible)
	defer cancel()
	for {
		have, err := a.Topics(ctx)
		var unseen []string
		for _, s := range specs {
			if have[s.Name] < s.Partitions {
				unseen = append(unseen, s.Name)
			}
		}
		if err == nil && len(unseen) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for new topics and partitions to be seen: %w: the brokers are slow, or the permission is missing, then allow Describe on topics: %s",
				ctx.Err(), strings.Join(unseen, ", "))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
