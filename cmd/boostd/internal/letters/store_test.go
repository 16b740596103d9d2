package letters

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
)

// topics is Kafka for tests: partitions of records, which it also takes.
type topics struct {
	mu     sync.Mutex
	parts  map[boostd.TopicPartition][]*boostd.Message
	first  map[boostd.TopicPartition]int64
	refuse func(kafkaio.Record) error // what a record's acknowledgement says
	silent func(kafkaio.Record) bool  // no acknowledgement
	gone   func(kafkaio.Record) bool  // it isn't even written; one at a time
	delay  time.Duration              // of acknowledgements
	unread error                      // of Read
	denied error                      // of DeleteRecords
}

var _ Store = (*topics)(nil)
var _ Sender = (*topics)(nil)

func newTopics() *topics {
	return &topics{parts: map[boostd.TopicPartition][]*boostd.Message{}, first: map[boostd.TopicPartition]int64{}}
}

func (t *topics) Ranges(_ context.Context, topics map[string]int) (all []kafkaio.Range, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for topic, n := range topics {
		for p := range n {
			tp := boostd.TopicPartition{Topic: topic, Partition: int32(p)}
			all = append(all, kafkaio.Range{TopicPartition: tp, From: t.first[tp], To: int64(len(t.parts[tp]))})
		}
	}
	slices.SortFunc(all, func(a, b kafkaio.Range) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

func (t *topics) Read(ctx context.Context, ranges []kafkaio.Range, each func(*boostd.Message) error) error {
	for _, r := range ranges {
		for offset := max(r.From, t.first[r.TopicPartition]); offset < r.To; offset++ {
			t.mu.Lock()
			m := t.parts[r.TopicPartition][offset]
			t.mu.Unlock()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if t.unread != nil {
				return t.unread
			}
			if m == nil { // a transaction's end
				continue
			}
			own := *m
			if err := each(&own); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *topics) DeleteRecords(_ context.Context, before map[boostd.TopicPartition]int64) error {
	if t.denied != nil {
		return t.denied
	}
	maps.Copy(t.first, before)
	return nil
}

func (t *topics) Produce(ctx context.Context, r kafkaio.Record, ack kafkaio.Ack) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	tp := boostd.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	t.mu.Lock()
	gone := t.gone != nil && t.gone(r)
	t.mu.Unlock()
	if gone {
		return nil
	}
	var err error
	if t.refuse != nil {
		err = t.refuse(r)
	}
	if err == nil {
		t.mu.Lock()
		t.parts[tp] = append(t.parts[tp], &boostd.Message{Topic: r.Topic, Partition: r.Partition, Offset: int64(len(t.parts[tp])), Key: r.Key, Value: r.Value, Headers: r.Headers})
		t.mu.Unlock()
	}
	switch {
	case t.silent != nil && t.silent(r):
	case t.delay > 0:
		time.AfterFunc(t.delay, func() { ack.Acked(r.Partition, 0, err) })
	default: // a timer of no time at all brings the race detector down, in a bubble
		go ack.Acked(r.Partition, 0, err)
	}
	return nil
}

// put appends a record to a partition of orders_dlq; nil is a transaction's end.
func (t *topics) put(partition int32, m *boostd.Message) {
	tp := boostd.TopicPartition{Topic: "orders_dlq", Partition: partition}
	if m != nil {
		m.Topic, m.Partition, m.Offset = tp.Topic, partition, int64(len(t.parts[tp]))
	}
	t.parts[tp] = append(t.parts[tp], m)
}

// letter is a dead letter of a message of orders.
func letter(value, reason string, headers ...boostd.Header) *boostd.Message {
	k, v, h := deadletter.Record(&boostd.Message{Topic: "orders_7", Partition: 1, Offset: 5, Level: 7, Key: []byte("k"), Value: []byte(value), Headers: headers},
		deadletter.Death{Reason: reason, Attempts: 3, Handler: "h", LastFailed: time.Unix(1000, 0)})
	return &boostd.Message{Key: k, Value: v, Headers: h}
}

func mark(offset int64) *boostd.Message {
	return &boostd.Message{Headers: deadletter.Mark{Letter: offset, Resolution: deadletter.Replayed}.Headers()}
}

// values are what was written to a partition.
func (t *topics) values(topic string, partition int32) (all []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.parts[boostd.TopicPartition{Topic: topic, Partition: partition}] {
		all = append(all, string(m.Value))
	}
	return all
}

func look(t *testing.T, store *topics) *Survey {
	t.Helper()
	s, err := Look(t.Context(), store, map[string]int{"orders_dlq": 2})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open are the values of the letters that are selected.
func open(t *testing.T, s *Survey, sel *Selection) (all []string) {
	t.Helper()
	if err := s.Each(t.Context(), sel, func(l *deadletter.Letter) error {
		all = append(all, fmt.Sprintf("%d@%d=%s", l.At.Partition, l.At.Offset, l.Value))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func at(partition int32, offset int64) boostd.Coordinates {
	return boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: "orders_dlq", Partition: partition}, Offset: offset}
}

// filled has letters, marks, a gap and a stranger's record.
func filled() *topics {
	store := newTopics()
	store.put(0, letter("a", "timeout"))
	store.put(0, letter("b", "timeout"))
	store.put(0, mark(0))
	store.put(0, nil)
	store.put(0, &boostd.Message{Value: []byte("stranger")})
	store.put(0, letter("c", "no stock"))
	store.put(1, letter("d", "timeout"))
	store.put(1, mark(0))
	store.put(1, letter("e", "timeout", boostd.Header{Key: "boostd_dlq_replays", Value: []byte("3")}))
	store.put(1, letter("f", "no stock"))
	return store
}

func TestSurvey(t *testing.T) {
	s := look(t, filled())
	if s.Open() != 5 {
		t.Errorf("%d letters are open", s.Open())
	}
	for name, c := range map[string]struct {
		sel  Selection
		want string
	}{
		"all":           {Selection{}, "[0@1=b 0@4=stranger 0@5=c 1@2=e 1@3=f]"},
		"by reason":     {Selection{Filter: deadletter.Filter{Reason: "timeout"}}, "[0@1=b 1@2=e]"},
		"limited":       {Selection{Limit: 2}, "[0@1=b 0@4=stranger]"},
		"limited later": {Selection{Filter: deadletter.Filter{Reason: "no*"}, Limit: 2}, "[0@5=c 1@3=f]"},
		"places":        {Selection{Places: map[boostd.Coordinates]bool{at(0, 4): true, at(1, 3): true}}, "[0@4=stranger 1@3=f]"},
		"a place":       {Selection{Places: map[boostd.Coordinates]bool{at(1, 2): true}}, "[1@2=e]"},
		"resolved":      {Selection{Places: map[boostd.Coordinates]bool{at(0, 0): true}}, "[]"},
	} {
		if got := fmt.Sprint(open(t, s, &c.sel)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for place, want := range map[boostd.Coordinates]string{at(0, 1): "", at(0, 0): "it is resolved", at(0, 2): "no open letter", at(1, 9): "no open letter", {}: "no open letter"} {
		err := s.Check(map[boostd.Coordinates]bool{place: true})
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrNotOpen) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestSet(t *testing.T) {
	var s, other set
	for _, n := range []int64{0, 63, 64, 4095, 4096, 1 << 40, 1 << 40} {
		s.add(n)
	}
	other.add(0)
	other.add(1 << 40)
	other.add(5)
	if n, first, last := s.without(&other); n != 4 || first != 63 || last != 4096 || s.count != 6 {
		t.Errorf("%d from %d to %d of %d", n, first, last, s.count)
	}
	if s.has(1) || !s.has(4095) || s.has(1<<41) {
		t.Error("it has what wasn't put in")
	}
	if n, _, _ := s.without(&s); n != 0 {
		t.Errorf("%d are not in themselves", n)
	}
}

func TestFind(t *testing.T) {
	store := filled()
	for place, want := range map[boostd.Coordinates]string{
		at(0, 0): "a replayed <nil>", at(0, 5): "c  <nil>", at(0, 4): "stranger  <nil>",
		at(0, 2): "  find orders_dlq/0@2: it is no letter, but the mark that 0 is replayed", at(0, 3): "  find orders_dlq/0@3: there is no record at that offset",
		at(1, 4): "  find orders_dlq/1@4: the partition has offsets from 0 to 4, without the last",
	} {
		l, done, err := Find(t.Context(), store, place)
		value := ""
		if l != nil && err == nil {
			value = string(l.Value)
		}
		if got := fmt.Sprint(value, " ", done, " ", err); got != want {
			t.Errorf("%s: %s, want %s", place, got, want)
		}
	}
}
