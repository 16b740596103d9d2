package daemon

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/plugins"
)

// transactions writes the messages of a forward handler with transactions. Each goes
// through the consumer that has read it, which commits both together.
type transactions struct{ router }

var _ plugins.Forwarder = transactions{}

// Forward implements plugins.Forwarder.
func (t transactions) Forward(ctx context.Context, m *boostd.Message, topic string, headers []boostd.Header, done func(error)) error {
	consumer, err := t.daemon.writers.of(m.Topic)
	if err != nil {
		return err
	}
	r := kafkaio.Record{Topic: topic, Partition: kafkaio.AnyPartition, Key: m.Key, Value: m.Value, Headers: headers}
	return hopeless(consumer.Write(ctx, m, r, kafkaio.AckFunc(func(_ int32, _ int64, err error) { done(hopeless(err)) })))
}

// Close implements plugins.Forwarder: consumers end by themselves.
func (transactions) Close(context.Context) error { return nil }

// writers are the consumers with transactions, by the topics that they read. The zero
// value is ready. Safe from any goroutine.
type writers struct{ byTopic sync.Map }

// put comes before the consumer reads the topics.
func (w *writers) put(m member) {
	for _, topic := range m.plan.topics {
		w.byTopic.Store(topic, m.source)
	}
}

func (w *writers) of(topic string) (*kafkaio.Consumer, error) {
	consumer, ok := w.byTopic.Load(topic)
	if !ok {
		return nil, fmt.Errorf("no consumer of %s writes in transactions", topic)
	}
	return consumer.(*kafkaio.Consumer), nil
}

// identityFile has a name that is this instance's alone, and stays.
const identityFile = "instance.json"

// identity is what transactions are named after: a successor of this process aborts
// what it finds open under its own name. It is kafka.instance, or else a name that
// state_dir keeps, and without that one of this process alone.
func (d *Daemon) identity() (string, error) {
	if name := d.file().Kafka.Instance; name != "" {
		return name, nil
	}
	var kept struct{ Name string }
	if err := d.state.load(identityFile, &kept); err != nil || kept.Name != "" {
		return kept.Name, err
	}
	kept.Name = rand.Text()
	return kept.Name, d.state.save(identityFile, kept)
}

// transactionsOf is what a planned consumer has to know of transactions, nil where its
// handler has none.
func (d *Daemon) transactionsOf(p consumerPlan) (*kafkaio.Transactions, error) {
	to := d.file().Handlers[p.handler].Forward
	if to == nil || !to.Transactions {
		return nil, nil
	}
	name, err := d.identity()
	if err != nil {
		return nil, fmt.Errorf("name transactions: %w", err)
	}
	return &kafkaio.Transactions{ID: fmt.Sprintf("boostd-%s-%s-%s", d.file().Kafka.Group, name, p.name)}, nil
}
