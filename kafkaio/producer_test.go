package kafkaio

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
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

// A leader that doesn't know yet that it is one refuses a request and takes the
// next. Brokers that know nothing of a producer take any sequence of it, and the
// client calls everything before that written: with several requests under way the
// first ones would be lost.
func TestNothingIsLostToANewLeader(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	offsets := func(values []string) (places []int64) {
		p, err := NewSingleProducer(Config{Brokers: cluster.ListenAddrs()}, hclog.NewNullLogger())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for _, v := range values {
			err := p.Produce(t.Context(), Record{Topic: "orders", Value: []byte(v)}, AckFunc(func(_ int32, offset int64, err error) {
				if err != nil {
					t.Error(err)
				}
				places = append(places, offset)
			}))
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return places
	}
	offsets([]string{"so that the partition isn't new"})
	var requests atomic.Int32
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if requests.Add(1) > 1 {
			return nil, nil, false
		}
		return refusedBy(r.(*kmsg.ProduceRequest), kerr.NotLeaderForPartition), nil, true
	})
	var values []string
	var want []int64
	for n := range 20 {
		values, want = append(values, strconv.Itoa(n)), append(want, int64(n+1))
	}
	got := offsets(values)
	slices.Sort(got)
	if !slices.Equal(got, want) || requests.Load() < 2 {
		t.Errorf("after %d requests, of which the first was refused, the offsets are %v, want %v", requests.Load(), got, want)
	}
}

// What has no offset isn't called written.
func TestARecordWithoutAnOffset(t *testing.T) {
	p, err := NewProducer(Config{Brokers: []string{"127.0.0.1:1"}}, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	topic := "t"
	for offset, want := range map[kafka.Offset]error{kafka.OffsetInvalid: ErrUnanswered, -1: ErrUnanswered, 0: nil, 7: nil} {
		if err := p.outcome(kafka.TopicPartition{Topic: &topic, Offset: offset}); !errors.Is(err, want) {
			t.Errorf("offset %d: got %v, want %v", offset, err, want)
		}
	}
}

// refusedBy answers a request to produce with an error for each of its partitions.
func refusedBy(r *kmsg.ProduceRequest, why *kerr.Error) kmsg.Response {
	answer := r.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range r.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, why.Code
			topic.Partitions = append(topic.Partitions, partition)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}
