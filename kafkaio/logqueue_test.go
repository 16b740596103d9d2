//go:build linux && !pollread

package kafkaio

import (
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// What a client logs is there, also what it logged before anybody read; and the end
// of the reading waits for nothing.
func TestLogQueue(t *testing.T) {
	client, err := kafka.NewConsumer(&kafka.ConfigMap{"group.id": "g", "bootstrap.servers": "127.0.0.1:1", "log.queue": true, "reconnect.backoff.ms": 10})
	if err != nil {
		t.Fatal(err)
	}
	q, err := newLogQueue(client)
	if err != nil {
		t.Fatal(err)
	}
	lines, ended := make(chan kafka.LogEvent), make(chan struct{})
	go func() {
		q.read(func(l kafka.LogEvent) {
			select {
			case lines <- l:
			case <-t.Context().Done():
			}
		})
		close(ended)
	}()
	for l := range lines {
		if l.Tag == "FAIL" && strings.Contains(l.Message, "Connection refused") && l.Level == 3 {
			break
		}
	}
	go func() {
		for range lines { // what is still on its way
		}
	}()
	q.close()
	<-ended
	if _, more := q.next(); more {
		t.Error("a closed one has a line")
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	close(lines)
}

func TestNoLogQueue(t *testing.T) {
	if q, err := newLogQueue(&kafka.Consumer{}); err == nil || !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("%v, %v", q, err)
	}
	client, err := kafka.NewConsumer(&kafka.ConfigMap{"group.id": "g"}) // without log.queue
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if q, err := newLogQueue(client); err == nil || !strings.Contains(err.Error(), "read the Kafka client's log: ") {
		t.Errorf("%v, %v", q, err)
	}
}
