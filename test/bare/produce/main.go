// Command produce is what `boostd produce --file` is compared with: the Kafka
// client with the same settings, fed with the lines of a file. It sends the same
// messages, header included, knows of each delivery which line it was, as anybody
// must who wants to tell what failed, and does nothing else.
//
//	produce BROKERS TOPIC FILE
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "produce:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want BROKERS TOPIC FILE, got %d arguments", len(args))
	}
	properties := kafka.ConfigMap{"go.delivery.report.fields": "none"}
	for k, v := range (kafkaio.Config{Brokers: strings.Split(args[0], ",")}).OfProducer("bare") {
		properties[k] = v
	}
	p, err := kafka.NewProducer(&properties)
	if err != nil {
		return err
	}
	counted := make(chan [2]int)
	go func() {
		delivered, failed := 0, 0
		for e := range p.Events() {
			m, ok := e.(*kafka.Message)
			switch {
			case !ok:
			case m.TopicPartition.Error == nil:
				delivered++
			default:
				failed++
				fmt.Fprintf(os.Stderr, "line %d: %v\n", m.Opaque, m.TopicPartition.Error)
			}
		}
		counted <- [2]int{delivered, failed}
	}()
	if err := feed(p, &args[1], args[2]); err != nil {
		return err
	}
	for p.Flush(100) > 0 {
	}
	p.Close()
	n := <-counted
	fmt.Printf("%d delivered, %d failed\n", n[0], n[1])
	return nil
}

func feed(p *kafka.Producer, topic *string, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	to := kafka.TopicPartition{Topic: topic, Partition: kafka.PartitionAny}
	header := []kafka.Header{{Key: priority.Header, Value: []byte("0")}}
	for number := 1; lines.Scan(); number++ {
		for {
			err := p.Produce(&kafka.Message{TopicPartition: to, Value: lines.Bytes(), Headers: header, Opaque: number}, nil)
			var k kafka.Error
			if err == nil {
				break
			} else if !errors.As(err, &k) || k.Code() != kafka.ErrQueueFull {
				return err
			}
			time.Sleep(time.Millisecond)
		}
	}
	return lines.Err()
}
