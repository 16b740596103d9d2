package daemon

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/scheduler"
)

// graves writes the dead letters of one handler, with a client of its own: what
// applications produce through the daemon must not stand in their way. The client
// is made for the first letter. A letter that nobody has confirmed is written
// again, until it is or the daemon ends, with an alarm meanwhile; in the end there
// may be two of it. Safe from any goroutine.
type graves struct {
	daemon  *Daemon
	handler string
	wake    chan struct{}

	mu     sync.Mutex
	queue  []grave // no more than sources let wait: their messages aren't settled
	failed error   // of the newest attempt, nil when it went well
}

// grave is one letter on its way.
type grave struct {
	burial scheduler.Burial
	done   func(error)
}

var _ actors.DeadLetters = (*graves)(nil)

func (d *Daemon) newGraves(handler string) *graves {
	g := &graves{daemon: d, handler: handler, wake: make(chan struct{}, 1)}
	d.tasks.Go(g.run)
	return g
}

// Bury implements actors.DeadLetters.
func (g *graves) Bury(b scheduler.Burial, done func(error)) {
	g.mu.Lock()
	g.queue = append(g.queue, grave{b, done})
	g.mu.Unlock()
	g.nudge()
}

func (g *graves) nudge() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// graveRetry is the time between two tries of a letter that was not confirmed.
const graveRetry = time.Second

// run writes what is queued until the daemon ends.
func (g *graves) run() {
	var client *kafkaio.Producer
	defer func() {
		if client != nil {
			client.Close()
		}
	}()
	for {
		select {
		case <-g.daemon.life.Done():
			return
		case <-g.wake:
		}
		if client != nil && g.spent() {
			client.Close()
			client = nil
		}
		g.write(&client)
	}
}

// spent reports whether the client can't go on.
func (g *graves) spent() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Is(g.failed, kafkaio.ErrFatal)
}

// write hands all that is queued to the client.
func (g *graves) write(client **kafkaio.Producer) {
	g.mu.Lock()
	queue := g.queue
	g.queue = nil
	g.mu.Unlock()
	for n, one := range queue {
		err := g.open(client)
		if err == nil {
			err = (*client).TryProduce(g.record(one.burial), kafkaio.AckFunc(func(_ int32, _ int64, err error) { g.answered(one, err) }))
		}
		switch {
		case err == nil:
		case final(err):
			one.done(err)
		default:
			g.later(err, queue[n:]...)
			return
		}
	}
}

// open makes the client where there is none.
func (g *graves) open(client **kafkaio.Producer) error {
	if *client != nil {
		return nil
	}
	p, err := kafkaio.NewProducer(g.daemon.file().Kafka, g.daemon.logger.Named("deadletters"))
	if err == nil {
		*client = p
	}
	return err
}

// record is a letter as the brokers get it.
func (g *graves) record(b scheduler.Burial) kafkaio.Record {
	m := b.Item.Message
	key, value, headers := deadletter.Record(m, deadletter.Death{
		Reason: b.Reason, Attempts: b.Attempts, Handler: b.Handler, FirstFailed: b.FirstFailed, LastFailed: b.LastFailed,
	})
	return kafkaio.Record{Topic: g.daemon.deadLetterTopic(m.Topic), Partition: kafkaio.AnyPartition, Key: key, Value: value, Headers: headers}
}

// answered is what became of a letter.
func (g *graves) answered(one grave, err error) {
	switch {
	case err == nil:
		g.note(nil)
		one.done(nil)
	case final(err):
		one.done(err)
	default:
		g.later(err, one)
	}
}

// later keeps letters for another try.
func (g *graves) later(err error, all ...grave) {
	g.note(err)
	g.mu.Lock()
	g.queue = append(g.queue, all...)
	g.mu.Unlock()
	time.AfterFunc(graveRetry, g.nudge)
}

// note keeps the newest outcome, and an alarm while it is bad.
func (g *graves) note(err error) {
	g.mu.Lock()
	was := g.failed
	g.failed = err
	g.mu.Unlock()
	switch {
	case err != nil:
		g.daemon.findings.set(alarms.DeadLetters, g.handler, fmt.Sprintf("dead letters of handler %s can't be written, and are tried again: %v", g.handler, err))
	case was != nil:
		g.daemon.findings.set(alarms.DeadLetters, g.handler, "")
	}
}

// final reports whether an error stays, however often it is tried.
func final(err error) bool {
	for _, e := range []error{kafkaio.ErrNoTopic, kafkaio.ErrDenied, kafkaio.ErrTooLarge} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// deadLetterTopic is where the letters of a topic's messages go.
func (d *Daemon) deadLetterTopic(topic string) string {
	return priority.DeadLetterTopic(d.baseOf(topic))
}
