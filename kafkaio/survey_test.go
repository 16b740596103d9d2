package kafkaio

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/kafkaio/embedded"
	"github.com/kafkaboost/boostd/offsets"
)

// survey is one of two groups on a broker of its own, which have never been.
func survey(t *testing.T, ctx context.Context, start string) (*Survey, *Producer) {
	t.Helper()
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c := Config{Brokers: []string{b.Addr()}, Group: "g", Start: start}
	c.SetDefaults()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	specs := []TopicSpec{{Name: "a_9", Partitions: 2}, {Name: "b_9", Partitions: 1}, {Name: "a_8", Partitions: 1}}
	if _, err := admin.EnsureTopics(ctx, specs); err != nil {
		t.Fatal(err)
	}
	s, err := admin.Survey(map[string][]string{"g_priority_9": {"b_9", "a_9"}, "g_priority_8": {"a_8", "none_8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(ctx) })
	p, err := NewProducer(c, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return s, p
}

func produceTo(t *testing.T, ctx context.Context, p *Producer, topic string, partition int32, n int) {
	t.Helper()
	for range n {
		if err := p.Produce(ctx, Record{Topic: topic, Partition: partition}, AckFunc(func(int32, int64, error) {})); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// A survey tells by group and topic what is to do and what is done, from before
// the groups have ever been; the map in the commit counts, one that is stale doesn't.
func TestSurvey(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	s, p := survey(t, ctx, "earliest")
	check := func(when string, want map[string]map[string]GroupWork) {
		t.Helper()
		got, err := s.Ask(ctx)
		if err != nil || !maps.EqualFunc(got, want, maps.Equal) {
			t.Errorf("%s: %v, %v; want %v", when, got, err, want)
		}
	}
	none := map[string]GroupWork{"a_8": {}, "none_8": {}}
	check("at first", map[string]map[string]GroupWork{"g_priority_8": none, "g_priority_9": {"a_9": {}, "b_9": {}}})
	produceTo(t, ctx, p, "a_9", 0, 5)
	produceTo(t, ctx, p, "a_9", 1, 3)
	produceTo(t, ctx, p, "b_9", 0, 4)
	check("never committed", map[string]map[string]GroupWork{"g_priority_8": none, "g_priority_9": {"a_9": {8, 0}, "b_9": {4, 0}}})
	topic := "a_9"
	commit := func(offset, base int64) {
		t.Helper()
		m := offsets.Map{Topic: s.topics[topic].id, Base: base, End: 5, Pending: []offsets.Pending{{Offset: base, Attempts: 1}, {Offset: 3}}}
		text, _ := m.Encode(offsets.MetadataLimit)
		client := s.groups[1].onlooker.client
		if _, err := client.CommitOffsets([]kafka.TopicPartition{{Topic: &topic, Offset: kafka.Offset(offset), Metadata: &text}}); err != nil {
			t.Fatal(err)
		}
	}
	commit(1, 1)
	check("with a map", map[string]map[string]GroupWork{"g_priority_8": none, "g_priority_9": {"a_9": {1 + 3, 1 + 2}, "b_9": {4, 0}}})
	commit(2, 1)
	check("with a stale one", map[string]map[string]GroupWork{"g_priority_8": none, "g_priority_9": {"a_9": {3 + 3, 2}, "b_9": {4, 0}}})
}

// A group that would begin at the end has nothing to do of what came before.
func TestSurveyFromTheEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	s, p := survey(t, ctx, "latest")
	produceTo(t, ctx, p, "a_9", 0, 5)
	got, err := s.Ask(ctx)
	if work, told := got["g_priority_9"]["a_9"]; err != nil || !told || work != (GroupWork{}) {
		t.Errorf("%v, %v", got, err)
	}
}

// What isn't known of one group is said of no other.
func TestSurveyLeavesOutWhatIsUnknown(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	s, p := survey(t, ctx, "earliest")
	produceTo(t, ctx, p, "a_9", 0, 5)
	if err := s.describe(ctx); err != nil {
		t.Fatal(err)
	}
	s.topics["b_9"] = described{err: fmt.Errorf("not for you")}
	got, err := s.Ask(ctx)
	if _, told := got["g_priority_9"]["b_9"]; told || err == nil || got["g_priority_9"]["a_9"] != (GroupWork{5, 0}) || len(got["g_priority_8"]) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}
