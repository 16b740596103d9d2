package daemon

import (
	"context"
	"time"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/tracing"
)

// flushBudget is how long a stop waits for spans that are on their way, at most: it is
// part of closeBudget, and programs go first.
const flushBudget = time.Second

// openTracing makes the tracer, where boostd.yaml asks for one. It comes before the
// handlers, which it wraps.
func (d *Daemon) openTracing() error {
	c := d.file().Tracing
	for _, path := range []*string{&c.TokenFile, &c.CAFile} {
		if *path != "" {
			*path = d.relative(*path)
		}
	}
	var err error
	d.tracer, err = tracing.New(c, tracing.Options{
		Logger: d.logger.Named("tracing"), Version: d.options.Version, Instance: d.options.Instance,
		Group: func(topic string) string { return groupOf(d.file(), topic) },
	})
	if err != nil {
		return d.unfit(err)
	}
	return nil
}

// groupOf names the consumer group that a topic's messages come through.
func groupOf(file *conf.File, topic string) string {
	if _, base := file.Topics[topic]; !base {
		if _, level, ok := priority.CutLevel(topic); ok {
			return priority.LevelGroup(file.Kafka.Group, level)
		}
	}
	return priority.BaseGroup(file.Kafka.Group)
}

// closeTracing sends what is left. Nothing is handled any more, or what still is hangs.
func (d *Daemon) closeTracing(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushBudget)
	defer cancel()
	return d.tracer.Close(ctx)
}
