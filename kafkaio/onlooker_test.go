package kafkaio

import (
	"context"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio/embedded"
)

// An onlooker tells how far a group is, from before it has ever been; what counts
// without a committed offset is as kafka.start says.
func TestProgress(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	c := Config{Brokers: []string{b.Addr()}, Group: "g"}
	c.SetDefaults()
	onlook := func(start string) *Onlooker {
		c := c
		c.Start = start
		admin, err := NewAdmin(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(admin.Close)
		o, err := admin.Onlook("g_priority_7")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { o.Close(ctx) })
		return o
	}
	earliest, latest := onlook("earliest"), onlook("latest")
	if _, err := earliest.admin.EnsureTopics(ctx, []TopicSpec{{Name: "orders_7", Partitions: 2}}); err != nil {
		t.Fatal(err)
	}
	p, err := NewProducer(c, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	for n := range 5 {
		if err := p.Produce(ctx, Record{Topic: "orders_7", Partition: int32(n % 2)}, AckFunc(func(int32, int64, error) {})); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	check := func(when string, o *Onlooker, committed int, waiting int64) {
		t.Helper()
		got, err := o.Progress(ctx, map[string]int{"orders_7": 2, "orders_8": 1})
		if err != nil || len(got.Committed) != committed || got.Waiting["orders_7"] != waiting {
			t.Errorf("%s: %+v, %v; want %d offsets and %d waiting", when, got, err, committed, waiting)
		}
		if _, known := got.Waiting["orders_8"]; known {
			t.Errorf("%s: a topic that doesn't exist has messages", when)
		}
	}
	check("a group that has never been", earliest, 0, 5)
	check("one that would begin at the ends", latest, 0, 0)
	topic := "orders_7"
	if _, err := earliest.client.CommitOffsets([]kafka.TopicPartition{{Topic: &topic, Partition: 0, Offset: 1}}); err != nil {
		t.Fatal(err)
	}
	check("one partition is committed", earliest, 1, 4)
	check("only that counts", latest, 1, 2)
	got, err := earliest.Progress(ctx, map[string]int{topic: 2})
	if at := got.Committed[boostd.TopicPartition{Topic: topic}]; err != nil || at != 1 {
		t.Errorf("committed is %d, %v", at, err)
	}
}
