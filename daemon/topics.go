package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

const (
	// reach is how long brokers may take to answer at start, without Wait.
	reach = 8 * time.Second
	// topicsTimeout bounds the creation of all topics.
	topicsTimeout = 30 * time.Second
)

// prepareTopics reaches the brokers and creates the topics that are missing, or
// says which are. It goes on with those that exist: a topic that comes later is
// found by its consumer.
func (d *Daemon) prepareTopics(ctx context.Context, settings *priority.Settings, wait bool) error {
	admin, err := kafkaio.NewAdmin(d.config.Kafka)
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := d.connect(ctx, admin, wait); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, topicsTimeout)
	defer cancel()
	wanted := topicSpecs(slices.Sorted(maps.Keys(d.config.Topics)), settings)
	if *d.config.Kafka.CreateTopics {
		created, err := admin.EnsureTopics(ctx, wanted)
		if len(created) > 0 {
			d.logger.Info("topics created", "topics", strings.Join(created, ", "))
		}
		if err != nil {
			d.logger.Error("not all topics could be created: going on with those that exist", "error", err)
		}
		return nil
	}
	have, err := admin.Topics(ctx)
	if err != nil {
		return err
	}
	for _, t := range wanted {
		if _, ok := have[t.Name]; !ok {
			d.logger.Error("topic is missing and kafka.create_topics is false: its messages are read once it exists", "topic", t.Name)
		}
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

// connect waits for a broker to answer: for a while, or for as long as it takes.
func (d *Daemon) connect(ctx context.Context, admin *kafkaio.Admin, wait bool) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, reach)
		err := admin.Connect(attempt)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), err)
		case !wait:
			return fmt.Errorf("%w; is the address in kafka.brokers right? --wait keeps trying", err)
		}
		d.logger.Error("no broker answers: trying again", "error", err)
	}
}
