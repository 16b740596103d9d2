package kafkaio

import (
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// clientLog reads a client's log from before its creation until after its end.
type clientLog struct {
	lines chan kafka.LogEvent
	stop  chan struct{}
	tasks sync.WaitGroup
}

// newClientLog calls read for every line, from a goroutine of its own.
func newClientLog(read func(kafka.LogEvent)) *clientLog {
	c := &clientLog{lines: make(chan kafka.LogEvent, 64), stop: make(chan struct{})}
	c.tasks.Go(func() {
		for {
			select {
			case l := <-c.lines:
				read(l)
			case <-c.stop:
				return
			}
		}
	})
	return c
}

// close is called after the client's Close.
func (c *clientLog) close() {
	close(c.stop)
	c.tasks.Wait()
}
