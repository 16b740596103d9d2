package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio/embedded"
)

func TestReader(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c := Config{Brokers: []string{b.Addr()}, Start: "none", Assignor: "range"}
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := admin.EnsureTopics(ctx, []TopicSpec{{Name: "a", Partitions: 3}, {Name: "b", Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	p, err := NewProducer(c, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for n := range 10 {
		for _, r := range []Record{{Topic: "a", Partition: 2}, {Topic: "b"}} {
			r.Value, r.Headers = fmt.Append(nil, n), []boostd.Header{{Key: "h", Value: []byte("v")}}
			if err := p.Produce(ctx, r, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	ranges, err := admin.Ranges(ctx, map[string]int{"b": 1, "a": 3})
	part := func(topic string, partition int32, to int64) Range {
		return Range{boostd.TopicPartition{Topic: topic, Partition: partition}, 0, to}
	}
	if want := []Range{part("a", 0, 0), part("a", 1, 0), part("a", 2, 10), part("b", 0, 10)}; err != nil || !slices.Equal(ranges, want) {
		t.Fatalf("ranges %v, %v", ranges, err)
	}
	read := func(ranges ...Range) (got []string, err error) {
		err = admin.Read(ctx, ranges, func(m *boostd.Message) error {
			got = append(got, fmt.Sprintf("%s=%s%s", m, m.Value, m.Headers[0].Value))
			return nil
		})
		return got, err
	}
	if got, err := read(ranges...); err != nil || len(got) != 20 || got[0] != "a/2@0=0v" || got[19] != "b/0@9=9v" {
		t.Errorf("read %v, %v", got, err)
	}
	ranges[2].From, ranges[2].To = 3, 5
	if got, err := read(ranges[2]); err != nil || fmt.Sprint(got) != "[a/2@3=3v a/2@4=4v]" {
		t.Errorf("read %v, %v", got, err)
	}
	// What was deleted meanwhile is passed over.
	if err := admin.DeleteRecords(ctx, map[boostd.TopicPartition]int64{{Topic: "a", Partition: 2}: 4}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(ranges[2]); err != nil || fmt.Sprint(got) != "[a/2@4=4v]" {
		t.Errorf("read %v, %v", got, err)
	}
	if now, err := admin.Ranges(ctx, map[string]int{"a": 3}); err != nil || now[2].From != 4 || !slices.Equal(now[:2], ranges[:2]) {
		t.Errorf("ranges %v, %v", now, err)
	}
	enough := errors.New("enough")
	if err := admin.Read(ctx, ranges, func(*boostd.Message) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	if _, err := admin.Ranges(ctx, map[string]int{"absent": 1}); err == nil {
		t.Error("a topic that isn't there has ranges")
	}
	ended, end := context.WithCancelCause(ctx)
	end(enough)
	if err := admin.Read(ended, ranges, func(*boostd.Message) error { return nil }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}
