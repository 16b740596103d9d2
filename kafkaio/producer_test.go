package kafkaio

import (
	"errors"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"
)

// After a fatal error of the client every record is refused, and the error says
// that another producer is needed.
func TestFatalErrorOfAProducer(t *testing.T) {
	p, err := NewProducer(Config{Brokers: []string{"127.0.0.1:1"}}, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.client.TestFatalError(kafka.ErrOutOfOrderSequenceNumber, "on purpose")
	err = p.TryProduce(Record{Topic: "t", Partition: AnyPartition}, nil)
	if !errors.Is(err, ErrFatal) || !strings.Contains(err.Error(), "produce to t: ") {
		t.Errorf("got %v", err)
	}
}
