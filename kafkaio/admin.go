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

// Admin asks for and changes topics and groups. Its methods are safe from any
// goroutine; each is bounded by its context, which must have a deadline.
type Admin struct {
	client   *kafka.AdminClient
	config   Config
	said     *clientLog
	suspects *suspects
	closed   sync.Once
}

// NewAdmin makes the client; it doesn't connect yet.
func NewAdmin(c Config) (*Admin, error) {
	a := &Admin{config: c, suspects: newSuspects(c.connection(""))}
	a.said = newClientLog(func(l kafka.LogEvent) {
		if l.Tag == "FAIL" {
			a.suspects.note(l.Message, time.Now())
		}
	})
	client, err := newAdmin(c, "admin", a.said.lines)
	if err != nil {
		a.said.close()
		return nil, err
	}
	a.client = client
	return a, nil
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
		return nil, fmt.Errorf("make admin client: %w", c.connection("").explainNew(err))
	}
	return client, nil
}

// Close ends the client. A second call does no harm.
func (a *Admin) Close() {
	a.closed.Do(func() {
		a.client.Close()
		a.said.close()
	})
}

// ErrUnreachable says that no broker answered, or none that would have us.
var ErrUnreachable = errors.New("no broker answers")

// surely is how long a mistake that waiting doesn't mend is given before Connect
// gives up: less than a broker's start, which shows the same way at first.
const surely = 3 * time.Second

// Connect waits until a broker answers, until ctx ends, or until it is clear
// that waiting is no use. Its error wraps ErrUnreachable, names the brokers that
// were tried, and says in one sentence what is wrong and what to change.
func (a *Admin) Connect(ctx context.Context) error {
	began, why := time.Now(), ""
	for {
		_, err := a.client.GetMetadata(nil, true, 500)
		if err == nil {
			return nil
		}
		brokers := a.suspects.brokers()
		if len(brokers) == 0 {
			brokers = a.config.Brokers
		}
		all := a.suspects.evidence(ctx, brokers, recheck)
		if why == "" || ctx.Err() == nil {
			why = summary(all)
		}
		if ctx.Err() == nil && (time.Since(began) < surely || !slices.ContainsFunc(all, evidence.mistaken)) {
			continue
		}
		return fmt.Errorf("reach kafka at %s: %w: %s", strings.Join(a.config.Brokers, ", "), ErrUnreachable, why)
	}
}

// remaining is the time to ctx's deadline in milliseconds, at least 1.
func remaining(ctx context.Context) int {
	deadline, ok := ctx.Deadline()
	if !ok {
		return int(probeTimeout.Milliseconds())
	}
	return max(1, int(time.Until(deadline).Milliseconds()))
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
				offsets[partitionOf(p)] = int64(p.Offset)
			}
		}
	}
	return offsets, nil
}
