//go:build linux && !pollread

package kafkaio

/*
#include "batchread.h"
*/
import "C"

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// logQueue is where a client leaves what it logs until that is read. The client's own
// channel for it (go.logs.channel) is filled by a loop that asks ten times a second,
// from inside the library: for twelve consumers that was more than half of what an
// idle daemon costs (2.4 and 1.1 % of a core).
type logQueue struct {
	events *os.File // an eventfd

	mu    sync.Mutex
	queue *C.rd_kafka_queue_t // nil once closed
}

// newLogQueue is for a client with log.queue.
func newLogQueue(client *kafka.Consumer) (*logQueue, error) {
	rk, err := reach(client)
	if err != nil {
		return nil, err
	}
	queue := C.rd_kafka_queue_new(rk)
	events, err := announce(queue)
	if err != nil {
		C.rd_kafka_queue_destroy(queue)
		return nil, err
	}
	if code := C.rd_kafka_set_log_queue(rk, queue); code != 0 {
		letGo(queue, events)
		return nil, fmt.Errorf("read the Kafka client's log: %w", kafka.NewError(kafka.ErrorCode(code), "", false))
	}
	return &logQueue{events: events, queue: queue}, nil
}

// read calls each for every line until close.
func (q *logQueue) read(each func(kafka.LogEvent)) {
	for ok := true; ok; ok = announced(q.events) {
		for l, more := q.next(); more; l, more = q.next() {
			each(l)
		}
	}
}

// next takes a line, if there is one.
func (q *logQueue) next() (l kafka.LogEvent, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queue == nil {
		return l, false
	}
	event := C.rd_kafka_queue_poll(q.queue, 0)
	if event == nil {
		return l, false
	}
	defer C.rd_kafka_event_destroy(event)
	var tag, text *C.char
	var level C.int
	if C.rd_kafka_event_log(event, &tag, &text, &level) != 0 { //nolint:gocritic // of what cgo makes of it
		return kafka.LogEvent{Tag: "UNKNOWN", Level: 7}, true // nothing else comes here
	}
	return kafka.LogEvent{Tag: C.GoString(tag), Message: C.GoString(text), Level: int(level), Timestamp: time.Now()}, true
}

// close ends read; before the client is closed, which says nothing here from then on.
func (q *logQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	letGo(q.queue, q.events)
	q.queue = nil
}
