// Command consume is what boostd's footprint is compared with: consumers of the
// same groups, topics and settings, polled by one goroutine each, and nothing
// else.
//
//	consume BROKERS GROUP BASE MIN MAX
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "consume:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("want BROKERS GROUP BASE MIN MAX, got %d arguments", len(args))
	}
	config := kafkaio.Config{Brokers: strings.Split(args[0], ","), Group: args[1]}
	config.SetDefaults()
	lowest, err := strconv.Atoi(args[3])
	if err != nil {
		return fmt.Errorf("read MIN: %w", err)
	}
	highest, err := strconv.Atoi(args[4])
	if err != nil {
		return fmt.Errorf("read MAX: %w", err)
	}
	var polls sync.WaitGroup
	for n := lowest; n <= highest; n++ {
		level := boostd.Level(n)
		properties := kafka.ConfigMap{}
		for k, v := range config.ConsumerProperties(priority.LevelGroup(args[1], level), strconv.Itoa(n)) {
			properties[k] = v
		}
		c, err := kafka.NewConsumer(&properties)
		if err != nil {
			return err
		}
		if err := c.SubscribeTopics([]string{priority.DerivedTopic(args[2], level)}, assigned); err != nil {
			return err
		}
		polls.Go(func() {
			for {
				c.Poll(100)
			}
		})
	}
	polls.Wait()
	return nil
}

// assigned prints what boostd logs, so that both are waited for alike.
func assigned(c *kafka.Consumer, e kafka.Event) error {
	switch e := e.(type) {
	case kafka.AssignedPartitions:
		fmt.Printf("{\"@message\":\"partitions assigned\",\"partitions\":%d}\n", len(e.Partitions))
		return c.IncrementalAssign(e.Partitions)
	case kafka.RevokedPartitions:
		return c.IncrementalUnassign(e.Partitions)
	}
	return nil
}
