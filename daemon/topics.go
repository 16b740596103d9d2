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
	have, err := d.tryTopics(ctx, d.settings.current())
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), err)
	case errors.Is(err, kafkaio.ErrUnreachable) && !wait:
		return fmt.Errorf("%w; --wait keeps trying", err)
	default:
		d.keepTrying(err)
	}
	if reading := d.oursOf(d.leftovers(d.settings.current(), have)); len(reading) > 0 {
		d.retired.set(reading)
		d.logger.Info("topics of levels that the settings don't have are read until they are empty", "topics", namesOf(reading))
	}
	d.tasks.Go(d.watchLeftovers)
	return nil
}

func namesOf(topics []priority.LevelTopic) string {
	names := make([]string, len(topics))
	for n, t := range topics {
		names[n] = t.Name
	}
	return strings.Join(names, ", ")
}

// topicsFor sees to the topics of settings that are to come into force. Where the
// topics are somebody else's to make, what is missing is an alarm and no error.
func (d *Daemon) topicsFor(ctx context.Context, next *priority.Settings) error {
	_, err := d.tryTopics(ctx, next)
	if errors.Is(err, errMissing) {
		d.keepTrying(err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the settings' topics: %w", err)
	}
	return nil
}

// keepTrying tries again in the background, until all is well.
func (d *Daemon) keepTrying(err error) {
	if d.tryingTopics.CompareAndSwap(false, true) {
		d.tasks.Go(func() {
			defer d.tryingTopics.Store(false)
			d.retryTopics(err)
		})
	}
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
		_, err = d.tryTopics(d.life, d.settings.current())
	}
	d.findings.set(alarms.Topics, "", "")
}

// tryTopics creates and grows topics as the settings ask, or says which are
// missing. have are the partitions of all topics before that, nil when they are
// not known.
func (d *Daemon) tryTopics(ctx context.Context, settings *priority.Settings) (have map[string]int, err error) {
	admin, err := kafkaio.NewAdmin(d.file().Kafka)
	if err != nil {
		return nil, err
	}
	defer d.tasks.Go(admin.Close) // it takes some tens of milliseconds, and nobody needs to wait
	attempt, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	if err := admin.Connect(attempt); err != nil {
		return nil, err
	}
	ctx, cancelAll := context.WithTimeout(ctx, topicsTimeout)
	defer cancelAll()
	if have, err = admin.Topics(ctx); err != nil {
		return nil, err
	}
	plan := settings.Changes(slices.Sorted(maps.Keys(d.file().Topics)), d.file().DeadLetters(), have)
	if !*d.file().Kafka.CreateTopics {
		return have, missingTopics(plan)
	}
	done, err := admin.CarryOut(ctx, plan)
	if len(done.Created) > 0 {
		d.logger.Info("topics created", "topics", strings.Join(done.Created, ", "))
	}
	if len(done.Grown) > 0 {
		d.logger.Warn("partitions added: keys go to other partitions from now on", "topics", strings.Join(done.Grown, ", "))
	}
	if err != nil {
		return have, fmt.Errorf("not all topics are as the settings ask, going on with those that exist: %w", err)
	}
	return have, nil
}

var errMissing = errors.New("topics are missing")

func missingTopics(plan []priority.TopicChange) error {
	var missing []string
	for _, t := range plan {
		if t.Have == 0 {
			missing = append(missing, t.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w and kafka.create_topics is false, their messages are read once they exist: %s",
			errMissing, strings.Join(missing, ", "))
	}
	return nil
}
