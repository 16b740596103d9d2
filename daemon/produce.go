package daemon

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/producer"
	"github.com/kafkaboost/boostd/record"
)

// outlet is the console's producer, with the settings in force. The client is
// made for the first request: most daemons get none. Safe from any goroutine.
type outlet struct {
	daemon *Daemon

	mu     sync.Mutex
	client *producer.Producer
	closed bool
}

var _ console.Producer = (*outlet)(nil)

// producer is nil once the outlet is closed.
func (o *outlet) producer() (*producer.Producer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.client != nil || o.closed {
		return o.client, nil
	}
	c := o.daemon.file()
	p, err := producer.New(producer.Options{
		Kafka: c.Kafka, Resolver: o.daemon.settings.resolver.Load,
		EmbedPriority: c.Producer.EmbedPriority, Strict: c.Producer.Strict, Logger: o.daemon.logger.Named("producer"),
	})
	if err == nil {
		o.client = p
	}
	return p, err
}

// errNotProducing is why nothing is sent.
var errNotProducing = errors.New("boostd has no good settings yet, or stops: nothing was sent")

// Produce implements console.Producer.
func (o *outlet) Produce(ctx context.Context, messages []record.Record) []console.Produced {
	if name, _ := o.daemon.phase.get(); name == stopping || o.daemon.settings.resolver.Load() == nil {
		return unsent(messages, errNotProducing, console.Unanswered)
	}
	p, err := o.producer()
	switch {
	case err != nil:
		return unsent(messages, err, console.Other)
	case p == nil:
		return unsent(messages, errNotProducing, console.Unanswered)
	}
	all := make([]console.Produced, len(messages))
	for n, d := range p.TrySendAll(ctx, messages) {
		if errors.Is(d.Err, kafkaio.ErrFatal) {
			o.replace(p)
		}
		all[n] = console.Produced{Topic: d.Topic, Partition: d.Partition, Offset: d.Offset, Level: int(d.Resolution.Level), Err: d.Err, Cause: cause(d.Err)}
	}
	return all
}

// reconfigure puts another section `producer:` into force.
func (o *outlet) reconfigure(c producer.Config) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.client != nil {
		o.client.Reconfigure(c)
	}
}

func unsent(messages []record.Record, err error, c console.Cause) []console.Produced {
	all := make([]console.Produced, len(messages))
	for n, m := range messages {
		all[n] = console.Produced{Topic: m.Topic, Err: err, Cause: c}
	}
	return all
}

func cause(err error) console.Cause {
	for _, c := range []struct {
		err   error
		cause console.Cause
	}{
		{kafkaio.ErrNoTopic, console.NoTopic}, {kafkaio.ErrTooLarge, console.TooLarge},
		{kafkaio.ErrQueueFull, console.QueueFull}, {kafkaio.ErrDenied, console.Denied},
		{producer.ErrRefused, console.Refused}, {kafkaio.ErrUnanswered, console.Unanswered},
		{context.DeadlineExceeded, console.Unanswered}, {context.Canceled, console.Unanswered},
	} {
		if errors.Is(err, c.err) {
			return c.cause
		}
	}
	return console.Other
}

// replace gives up a client that can't go on: the next request gets another.
func (o *outlet) replace(spent *producer.Producer) {
	o.mu.Lock()
	mine := o.client == spent
	if mine {
		o.client = nil
	}
	o.mu.Unlock()
	if !mine {
		return // somebody else has
	}
	ctx, cancel := context.WithTimeout(context.Background(), outletFlush)
	defer cancel()
	if err := spent.Close(ctx); err != nil {
		o.daemon.logger.Warn("a producer that could not go on is replaced", "error", err)
	}
}

// outletFlush bounds the wait for what is still on its way at the end: who has
// asked for it is gone.
const outletFlush = time.Second

// close ends it.
func (o *outlet) close(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.client == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, outletFlush)
	defer cancel()
	client := o.client
	o.client = nil
	return client.Close(ctx)
}
