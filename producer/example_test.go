package producer_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/kafkaio/embedded"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/producer"
)

// settings are what somebody has in a file.
const settings = `{
  "max_priority": 10,
  "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 9}],
  "Rule_Base_priority": [{"role_name": "user_role", "value": "admin", "priority": 9}]
}`

// try makes a broker with the topics of the settings, and a producer for it.
func try(ctx context.Context) (p *producer.Producer, end func()) {
	broker, err := embedded.Start(embedded.Options{})
	if err != nil {
		log.Fatal(err)
	}
	kafka := kafkaio.Config{Brokers: []string{broker.Addr()}}
	admin, err := kafkaio.NewAdmin(kafka)
	if err != nil {
		log.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.EnsureTopics(ctx, []kafkaio.TopicSpec{
		{Name: "orders", Partitions: 1}, {Name: "orders_9", Partitions: 1}, {Name: "orders_10", Partitions: 1},
	}); err != nil {
		log.Fatal(err)
	}
	document, _, err := priority.Parse([]byte(settings))
	if err != nil {
		log.Fatal(err)
	}
	p, err = producer.New(producer.Options{Kafka: kafka, Resolver: producer.With(document)})
	if err != nil {
		log.Fatal(err)
	}
	return p, func() {
		if err := p.Close(ctx); err != nil {
			log.Fatal(err)
		}
		broker.Close()
	}
}

// A batch is answered with what became of each message, in their order.
func ExampleProducer_SendAll() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	p, end := try(ctx)
	defer end()
	for _, d := range p.SendAll(ctx, []producer.Message{
		{Topic: "orders", Value: []byte(`{"order_id": 1}`)},
		{Topic: "orders", Value: []byte(`{"order_id": 2, "user_role": "admin"}`)},
		{Topic: "orders", Value: []byte(`{"order_id": 3}`), Key: []byte("customer 7"), Priority: new(10)},
		{Topic: "parcels", Value: []byte(`{"order_id": 4}`)},
	}) {
		if d.Err != nil {
			fmt.Println(d.Err)
			continue
		}
		fmt.Printf("level %d by %s: %s, offset %d\n", d.Resolution.Level, d.Resolution.By, d.Topic, d.Offset)
	}
	// Output:
	// level 0 by default: orders, offset 0
	// level 9 by rule: orders_9, offset 0
	// level 10 by explicit: orders_10, offset 0
	// produce to parcels: the topic doesn't exist, `boostd topics ensure` creates those that the settings ask for
}

// Who sends a stream hears of each message by a callback, and flushes at the end.
func ExampleProducer_Send() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	p, end := try(ctx)
	defer end()
	delivered := 0 // only touched by the producer's goroutine, until Flush returns
	for n := range 1000 {
		m := producer.Message{Topic: "orders", Value: fmt.Appendf(nil, `{"order_id": %d}`, n)}
		if err := p.Send(ctx, m, func(d producer.Delivery) {
			if d.Err == nil {
				delivered++
			}
		}); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(delivered, "delivered")
	// Output: 1000 delivered
}
