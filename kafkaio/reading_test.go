package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// TestReadingOnKafka is what is read, and how, on real Kafka: each way of reading has
// to bring the same.
func TestReadingOnKafka(t *testing.T) {
	cluster := kafkatest.New(t, kafkatest.Options{})
	for name, test := range map[string]func(t *testing.T, c Config, topic string){
		"forms of messages": testForms, "transactions": testTransactions,
		"offsets that are gone": testGone, "rebalances and pauses": testRebalancesAndPauses,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBothWays(t, func(t *testing.T) {
				c := Config{Brokers: cluster.Brokers(), Group: "g"}
				c.SetDefaults()
				topic := strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())
				ensure(t, c, topic, 6)
				test(t, c, topic)
			})
		})
	}
}

func franz(t *testing.T, c Config, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(c.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(1_000_000))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// within is a context for what should be done soon.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// readAll opens a member with a group of its own and returns the first n messages.
func readAll(t *testing.T, c Config, topic string, n int, change func(*SourceOptions)) ([]boostd.Message, *receiver) {
	t.Helper()
	o := options(c, topic, Window{Messages: 10_000, Bytes: 64 << 20})
	o.Group = "g-" + topic
	if change != nil {
		change(&o)
	}
	r := openWith(t, o, false)
	r.until(t, "all", func() bool { return len(r.queue) >= n && r.saw("CaughtUp") })
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]boostd.Message, len(r.queue))
	for i, m := range r.queue {
		all[i] = *m
	}
	return all, r
}

func testForms(t *testing.T, c Config, topic string) {
	produced := time.UnixMilli(1_700_000_000_123)
	big, small := []byte(strings.Repeat("x", 900_000)), []byte("v")
	header := func(key string, value []byte) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: value} }
	records := []*kgo.Record{
		{}, {Key: []byte{}, Value: []byte{}}, {Key: []byte("k"), Value: small}, {Value: big}, {Key: big[:5000], Value: small},
		{Value: small, Headers: []kgo.RecordHeader{header("a", nil), header("b", []byte{}), header("a", []byte("2")), header("", small)}},
		{Value: small, Headers: []kgo.RecordHeader{header(strings.Repeat("n", 2000), big[:3000])}},
		{Value: small, Headers: []kgo.RecordHeader{header(producedAtHeader, []byte("1700000000123456789"))}},
	}
	for n := range 300 { // more than one read, and more headers than one list has
		records = append(records, &kgo.Record{Key: fmt.Append(nil, n%7), Value: fmt.Append(nil, "value ", n),
			Headers: []kgo.RecordHeader{header("n", fmt.Append(nil, n)), header(fmt.Sprint("h", n), small)}})
	}
	many := &kgo.Record{Value: small}
	for n := range 5000 {
		many.Headers = append(many.Headers, header(fmt.Sprint(n), fmt.Append(nil, n)))
	}
	records = append(records, many, &kgo.Record{Value: []byte("the last one")})
	for _, r := range records {
		r.Topic, r.Timestamp = topic, produced
	}
	if err := franz(t, c).ProduceSync(within(t), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	all, r := readAll(t, c, topic, len(records), func(o *SourceOptions) { o.CommitInterval = time.Hour })
	defer ended(t, r)
	for n, m := range all {
		k := records[n]
		want := boostd.Message{Topic: topic, Offset: int64(n), Key: k.Key, Value: k.Value, ProducedAt: produced, Epoch: m.Epoch, FetchedAt: m.FetchedAt, Memory: m.Memory}
		for _, h := range k.Headers {
			want.Headers = append(want.Headers, boostd.Header{Key: h.Key, Value: h.Value})
		}
		if len(k.Headers) == 1 && k.Headers[0].Key == producedAtHeader {
			want.ProducedAt = time.Unix(0, 1700000000123456789)
		}
		if !reflect.DeepEqual(m, want) {
			t.Errorf("message %d of %d bytes with %d headers, key %v, differs: %.300s\nwant %.300s", n, len(k.Value), len(k.Headers), k.Key, fmt.Sprintf("%+v", m), fmt.Sprintf("%+v", want))
		}
		if m.FetchedAt.Before(began) || m.FetchedAt.After(time.Now()) {
			t.Errorf("message %d was fetched at %v", n, m.FetchedAt)
		}
		// A handler may append to what it is given.
		_ = append(m.Value, "more"...)
		_ = append(m.Key, "more"...)
	}
	if len(all) != len(records) {
		t.Errorf("%d messages came, want %d", len(all), len(records))
	}
	if epoch := leaderEpoch(t, r); epoch != 0 {
		t.Errorf("they came from a leader of epoch %d, want 0", epoch)
	}
}

// leaderEpoch is the newest that a commit would tell of.
func leaderEpoch(t *testing.T, r *receiver) int32 {
	t.Helper()
	second := r.queue[1]
	r.source.Settle([]boostd.Settlement{{Message: second, Outcome: boostd.Done}})
	r.queue = append(r.queue[:1], r.queue[2:]...)
	r.source.mu.Lock()
	defer r.source.mu.Unlock()
	for _, c := range r.source.tracker.Commits(nil) {
		if c.TopicPartition == second.TopicPartition() {
			m, err := offsets.ParseMap(c.Metadata)
			if err != nil {
				t.Fatal(err)
			}
			return m.LeaderEpoch
		}
	}
	t.Fatal("there is nothing to commit")
	return 0
}

// ended stops a Source, whose client can end: it waits for nothing that was read of it.
func ended(t *testing.T, r *receiver) {
	t.Helper()
	r.stop(t)
	select {
	case <-r.source.closed:
	default:
		t.Error("its client didn't close")
	}
}

// Transactions leave gaps in the offsets, at the end too: what was rolled back isn't
// read, the end is reached, and the next message comes.
func testTransactions(t *testing.T, c Config, topic string) {
	producer := franz(t, c, kgo.TransactionalID(topic))
	want := map[string]bool{}
	transaction := func(n int, end kgo.TransactionEndTry) {
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for m := range 3 {
			r := &kgo.Record{Topic: topic, Partition: int32(n % 2), Value: fmt.Append(nil, n, ".", m)}
			if err := producer.ProduceSync(within(t), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if end == kgo.TryCommit {
				want[string(r.Value)] = true
			}
		}
		if err := producer.EndTransaction(within(t), end); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 40 {
		transaction(n, kgo.TransactionEndTry(n%3 != 0))
	}
	transaction(40, kgo.TryAbort)
	all, r := readAll(t, c, topic, len(want), nil)
	defer ended(t, r)
	transaction(41, kgo.TryCommit)
	r.until(t, "the next ones", func() bool { return len(r.queue) >= len(want) })
	r.mu.Lock()
	for _, m := range r.queue[len(all):] {
		all = append(all, *m)
	}
	r.mu.Unlock()
	for _, m := range all {
		if !want[string(m.Value)] {
			t.Errorf("%s of %v was rolled back, or has come before", m.Value, &m)
		}
		delete(want, string(m.Value))
	}
	if len(want) > 0 {
		t.Errorf("didn't come: %v", want)
	}
}

// A Source that may begin nowhere by itself ends when what it comes to next has been
// deleted.
func testGone(t *testing.T, c Config, topic string) {
	client := franz(t, c)
	for n := range 100 {
		if err := client.ProduceSync(within(t), &kgo.Record{Topic: topic, Value: fmt.Append(nil, n)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	all, r := readAll(t, c, topic, 100, nil)
	r.settle(len(all) / 2)
	r.stop(t)
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.DeleteRecords(within(t), map[boostd.TopicPartition]int64{{Topic: topic}: 80}); err != nil {
		t.Fatal(err)
	}
	o := options(c, topic, wide)
	o.Group, o.Config.Start = "g-"+topic, "none"
	mine := openWith(t, o, false)
	mine.until(t, "it ends", func() bool { return mine.saw("Stopped") })
	mine.stop(t)
	if err := mine.source.poll.ended; len(mine.got) > 0 || err == nil || !strings.Contains(err.Error(), "no offset to start from") {
		t.Errorf("%d messages came, and it ended with %v", len(mine.got), err)
	}
}

// Members come and go and are paused for moments, while messages come and attempts take
// their time: each message is handled exactly once.
func testRebalancesAndPauses(t *testing.T, c Config, topic string) {
	o := options(c, topic, Window{Messages: 500, Bytes: 1 << 20})
	o.Group = "g-" + topic
	stop := load(t, c, topic)
	burst := franz(t, c)
	rng := rand.New(rand.NewPCG(1, 2))
	first := openChanging(t, o)
	members := []*changing{first}
	var pausing sync.WaitGroup
	sent := 0
	for range 4 {
		second := openChanging(t, o)
		members = append(members, second)
		over := make(chan struct{})
		pausing.Go(func() { toggle(over, first, second) })
		for n := range 20_000 {
			burst.Produce(t.Context(), &kgo.Record{Topic: topic, Partition: int32(n % 6), Value: make([]byte, rng.IntN(200))}, func(_ *kgo.Record, err error) {
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("produce: %v", err)
				}
			})
		}
		if err := burst.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
		sent += 20_000
		eventually(t, "the second has its part", func() bool { return len(second.source.partitions()) == 3 })
		some := func() int { got, _ := handled(second); return got[topic] }
		before := some()
		eventually(t, "the second reads", func() bool { return some() > before })
		close(over)
		pausing.Wait()
		second.stop(t)
	}
	made := stop()
	eventually(t, "all have come", func() bool {
		got, _ := handled(members...)
		return got[topic] == made[topic]+sent
	})
	first.stop(t)
	got, repeated := handled(members...)
	if got[topic] != made[topic]+sent || len(repeated) > 0 {
		t.Errorf("%d messages were handled of %d, some again: %v", got[topic], made[topic]+sent, repeated)
	}
	for n, m := range members {
		if m.saw("Lost") {
			t.Errorf("member %d lost partitions", n)
		}
	}
}

// toggle pauses members and lets them go on, until over; then they go on.
func toggle(over <-chan struct{}, members ...*changing) {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		for i, m := range members {
			m.source.SetPaused((n+i)%3 == 0)
		}
		select {
		case <-tick.C:
		case <-over:
			for _, m := range members {
				m.source.SetPaused(false)
			}
			return
		}
	}
}
