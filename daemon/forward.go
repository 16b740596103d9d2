package daemon

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/plugins"
)

// forwards writes the messages of one forward handler, with a client of its own, as
// graves are. The client is made for the first message, and anew when it can't go on.
// Safe from any goroutine.
type forwards struct {
	router
	kafka kafkaio.Config

	// use is held for reading while the client is used, for writing while it is
	// replaced.
	use    sync.RWMutex
	client *kafkaio.Producer
	closed bool
	spent  atomic.Pointer[kafkaio.Producer] // the client that can't go on
	// alone: each record is sent by itself, because brokers refuse batches as a whole,
	// and one was too large.
	alone atomic.Bool
}

var _ plugins.Forwarder = (*forwards)(nil)

func (d *Daemon) newForwards(c conf.Handler) *forwards {
	return &forwards{router: router{d}, kafka: forwardConfig(d.file().Kafka, c.Timeout.Std())}
}

// forwardConfig lets a record be given up a little before its attempt is: then it
// isn't written behind the attempt's back, unless it is on its way to a broker.
func forwardConfig(c kafkaio.Config, timeout time.Duration) kafkaio.Config {
	for _, name := range []string{"message.timeout.ms", "delivery.timeout.ms"} { // the same
		if c.Properties[name]+c.ProducerProperties[name] != "" {
			return c
		}
	}
	c.ProducerProperties = maps.Clone(c.ProducerProperties)
	if c.ProducerProperties == nil {
		c.ProducerProperties = map[string]string{}
	}
	c.ProducerProperties["message.timeout.ms"] = strconv.FormatInt(max(timeout*3/4, time.Second).Milliseconds(), 10)
	return c
}

// Forward implements plugins.Forwarder.
func (f *forwards) Forward(ctx context.Context, m *boostd.Message, topic string, headers []boostd.Header, done func(error)) error {
	client, err := f.borrow()
	if err != nil {
		return err
	}
	defer f.use.RUnlock()
	alone := f.alone.Load()
	err = client.Produce(ctx, kafkaio.Record{Topic: topic, Partition: kafkaio.AnyPartition, Key: m.Key, Value: m.Value, Headers: headers},
		kafkaio.AckFunc(func(_ int32, _ int64, err error) { done(f.answered(client, alone, err)) }))
	return f.judged(client, err)
}

// answered is judged for what brokers say: that a record is too large may be about
// another one of its batch. Then it is tried again, by itself.
func (f *forwards) answered(client *kafkaio.Producer, alone bool, err error) error {
	if !errors.Is(err, kafkaio.ErrTooLarge) || alone {
		return f.judged(client, err)
	}
	if !f.alone.Swap(true) {
		f.daemon.logger.Warn("a record is too large for its topic: from now on each is sent by itself, which is slower; raise the topic's max.message.bytes")
		f.spent.Store(client)
	}
	return err
}

// judged is hopeless, and notes what the error means for the client.
func (f *forwards) judged(client *kafkaio.Producer, err error) error {
	if errors.Is(err, kafkaio.ErrFatal) {
		f.daemon.logger.Warn("the producer of a forward handler can't go on, and is replaced")
		f.spent.Store(client)
	}
	return hopeless(err)
}

// borrow returns the client with f.use held for reading.
func (f *forwards) borrow() (*kafkaio.Producer, error) {
	for {
		f.use.RLock()
		if f.client != nil && f.client != f.spent.Load() {
			return f.client, nil
		}
		f.use.RUnlock()
		if err := f.renew(); err != nil {
			return nil, err
		}
	}
}

var errForwardsClosed = errors.New("the handler is closed: nothing was written")

// renew makes the client where there is none that can go on.
func (f *forwards) renew() error {
	f.use.Lock()
	defer f.use.Unlock()
	if f.closed {
		return errForwardsClosed
	}
	if f.client != nil && f.client == f.spent.Load() {
		f.client.Close()
		f.client = nil
	}
	if f.client != nil {
		return nil // somebody else has
	}
	newProducer := kafkaio.NewProducer
	if f.alone.Load() {
		newProducer = kafkaio.NewSingleProducer
	}
	client, err := newProducer(f.kafka, f.daemon.logger.Named("forward"))
	if err != nil {
		return err
	}
	f.client = client
	return nil
}

// Close implements plugins.Forwarder. What is still on its way belongs to messages
// that will come again.
func (f *forwards) Close(context.Context) error {
	f.use.Lock()
	defer f.use.Unlock()
	f.closed = true
	if f.client != nil {
		f.client.Close()
		f.client = nil
	}
	return nil
}
