package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd/kafkaio"
)

// rewindTimeout bounds one try: a new cluster's first question for a group
// takes some seconds.
const rewindTimeout = 30 * time.Second

// rewind takes the groups' offsets back, where that was asked for, before any
// consumer joins. With Wait it waits for brokers, as nothing may be consumed
// before.
func (d *Daemon) rewind(ctx context.Context) error {
	if d.options.Rewind.Zero() {
		return nil
	}
	for {
		err := d.tryRewind(ctx)
		if !errors.Is(err, kafkaio.ErrUnreachable) || !d.options.Wait {
			return err
		}
		d.phase.set(starting, "brokers, to rewind the groups")
		d.up()
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(topicsRetry):
		}
	}
}

func (d *Daemon) tryRewind(ctx context.Context) error {
	admin, err := kafkaio.NewAdmin(d.file().Kafka)
	if err != nil {
		return err
	}
	defer admin.Close()
	attempt, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	if err := admin.Connect(attempt); err != nil {
		return err
	}
	groups := map[string][]string{}
	for _, p := range d.planConsumers(d.settings.current()) {
		groups[p.group] = append(groups[p.group], p.topics...)
	}
	ctx, cancelAll := context.WithTimeoutCause(ctx, rewindTimeout, fmt.Errorf("not done in %v", rewindTimeout))
	defer cancelAll()
	done, err := admin.Rewind(ctx, groups, d.options.Rewind)
	for _, r := range done {
		d.logger.Info("group rewound", "group", r.Group, "by", d.options.Rewind.String(), "partitions", r.Partitions, "messages", r.Messages)
	}
	return err
}
