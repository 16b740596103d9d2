package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

const (
	// reach is how long brokers may take to answer at start, without Wait, and
	// how long one later try takes.
	reach = 4500 * time.Millisecond
	// topicsTimeout bounds the creation of all topics.
	topicsTimeout = 30 * time.Second
	// topicsRetry is the time between two tries, doubled each time up to a minute.
	topicsRetry = 2 * time.Second
)

// prepareTopics reaches the brokers and sees to the topics. It goes on with
// those that exist: what is missing is tried again for as long as the daemon
// runs, and a topic that comes later is found by its consumer.
func (d *Daemon) prepareTopics(ctx context.Context, wait bool) error {
	err := d.tryTopics(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), err)
	case errors.Is(err, kafkaio.ErrUnreachable) && !wait:
		return fmt.Errorf("%w; --wait keeps trying", err)
	}
	d.tasks.Go(func() { d.retryTopics(err) })
	return nil
}

// retryTopics ends when all is well, or with the daemon.
func (d *Daemon) retryTopics(err error) {
	for wait := topicsRetry; err != nil; wait = min(2*wait, time.Minute) {
		if d.findings.set(alarms.Topics, "", oneLine(err)); errors.Is(err, kafkaio.ErrUnreachable) {
			wait = topicsRetry
		}
		select {
		case <-d.life.Done():
			return
		case <-time.After(wait):
		}
		err = d.tryTopics(d.life)
	}
	d.findings.set(alarms.Topics, "", "")
}

// tryTopics creates the topics that are missing, or says which are.
func (d *Daemon) tryTopics(ctx context.Context) error {
	admin, err := kafkaio.NewAdmin(d.config.Kafka)
	if err != nil {
		return err
	}
	defer admin.Close()
	attempt, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	if err := admin.Connect(attempt); err != nil {
		return err
	}
	ctx, cancelAll := context.WithTimeout(ctx, topicsTimeout)
	defer cancelAll()
	wanted := topicSpecs(slices.Sorted(maps.Keys(d.config.Topics)), d.settings.current())
	if *d.config.Kafka.CreateTopics {
		created, err := admin.EnsureTopics(ctx, wanted)
		if len(created) > 0 {
			d.logger.Info("topics created", "topics", strings.Join(created, ", "))
		}
		if err != nil {
			return fmt.Errorf("not all topics could be created, going on with those that exist: %w", err)
		}
		return nil
	}
	return missingTopics(ctx, admin, wanted)
}

func missingTopics(ctx context.Context, admin *kafkaio.Admin, wanted []kafkaio.TopicSpec) error {
	have, err := admin.Topics(ctx)
	if err != nil {
		return err
	}
	var missing []string
	for _, t := range wanted {
		if _, ok := have[t.Name]; !ok {
			missing = append(missing, t.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("topics are missing and kafka.create_topics is false, their messages are read once they exist: %s",
			strings.Join(missing, ", "))
	}
	return nil
}

func topicSpecs(bases []string, settings *priority.Settings) []kafkaio.TopicSpec {
	var specs []kafkaio.TopicSpec
	for _, base := range bases {
		specs = append(specs, kafkaio.TopicSpec{Name: base, Partitions: kafkaio.BrokerDefault})
	}
	for _, p := range settings.Plan(bases) {
		specs = append(specs, kafkaio.TopicSpec{Name: p.Name, Partitions: p.Partitions})
	}
	return specs
}
