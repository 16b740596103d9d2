package rig

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/kafkaboost/boostd/kafkaio/embedded"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// Cluster is brokers to test against. It is started when a test first asks for
// it, serves all tests of the process, and ends with Close.
type Cluster struct {
	Name string
	// Real: replication, metadata limits, commits that cost something.
	Real bool

	once    sync.Once
	start   func() (brokers []string, end func() error, err error)
	brokers []string
	end     func() error
	err     error
}

// Embedded is the embedded broker.
func Embedded() *Cluster {
	return &Cluster{Name: "embedded", start: func() ([]string, func() error, error) {
		b, err := embedded.Start(embedded.Options{})
		if err != nil {
			return nil, nil, err
		}
		return []string{b.Addr()}, func() error { b.Close(); return nil }, nil
	}}
}

// Real is one node of Apache Kafka.
func Real() *Cluster {
	return &Cluster{Name: "kafka", Real: true, start: func() ([]string, func() error, error) {
		c, err := kafkatest.Start(context.Background(), kafkatest.Options{})
		if err != nil {
			return nil, nil, err
		}
		return c.Brokers(), c.Close, nil
	}}
}

// Brokers are the cluster's addresses. Where the machine can't run it the test
// is NOT RUN.
func (c *Cluster) Brokers(t testing.TB) []string {
	t.Helper()
	if c.Real {
		kafkatest.Require(t)
	}
	c.once.Do(func() { c.brokers, c.end, c.err = c.start() })
	if c.err != nil {
		t.Fatalf("start cluster %s: %v", c.Name, c.err)
	}
	return c.brokers
}

// Close ends the cluster if it was started.
func (c *Cluster) Close() error {
	if c.end == nil {
		return nil
	}
	if err := c.end(); err != nil {
		return fmt.Errorf("close cluster %s: %w", c.Name, err)
	}
	return nil
}
