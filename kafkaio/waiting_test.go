package kafkaio

import (
	"context"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/kafkaio/embedded"
)

// What waits is counted for groups that have never been, and of topics that are
// empty.
func TestWaiting(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c := Config{Brokers: []string{b.Addr()}, Group: "g"}
	c.SetDefaults()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := admin.EnsureTopics(ctx, []TopicSpec{{Name: "orders_12", Partitions: 3}, {Name: "orders_12", Partitions: 3}}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	waits, err := admin.Waiting(ctx, "g_priority_12", map[string]int{"orders_12": 3, "orders_13": 1})
	t.Logf("took %v", time.Since(began))
	if n, known := waits["orders_12"]; err != nil || !known || n != 0 {
		t.Errorf("orders_12 has %d, %v, %v", n, known, err)
	}
	if _, known := waits["orders_13"]; known {
		t.Error("a topic that doesn't exist has messages")
	}
}
