package kafkaio

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kafkaboost/boostd"
)

// forgetful is a member and its log, which is written to in the rebalance callback. Then
// it has the client forget the last message that it handed over, as the client does by
// itself when it begins a rebalance in that very moment: see keepPlace. What it has is
// the poll loop's goroutine's.
type forgetful struct {
	*receiver
	last   *boostd.Message // nil: its partition has gone
	forgot int
	failed error
}

func (f *forgetful) Write(line []byte) (int, error) {
	text := string(line)
	if !strings.Contains(text, "partitions revoked") && !strings.Contains(text, "partitions assigned") {
		return len(line), nil // from any goroutine
	}
	if f.last == nil || strings.Contains(text, f.last.TopicPartition().String()) {
		f.last = nil
		return len(line), nil
	}
	f.forgot++
	f.failed = errors.Join(f.failed, f.source.seek(f.last.TopicPartition(), f.last.Offset))
	return len(line), nil
}

func (f *forgetful) emit(event any) {
	if e, ok := event.(*boostd.Batch); ok {
		f.last = &e.Messages[len(e.Messages)-1]
	}
	f.receiver.emit(event)
}

// What a client hands over as it begins a rebalance doesn't come again when its
// partition stays.
func TestLastMessageBeforeARebalance(t *testing.T) { inBothWays(t, testLastMessageBeforeARebalance) }

func testLastMessageBeforeARebalance(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	f := &forgetful{}
	o := options(c, "a", wide)
	o.oneByOne = readOneByOne(t)
	o.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, Output: f})
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	f.receiver = &receiver{source: s, to: s, auto: true, got: map[string]int{}, change: make(chan struct{})}
	if err := s.Start(f.emit); err != nil {
		t.Fatal(err)
	}
	producer, sent := franz(t, c), 0
	one := func(tp boostd.TopicPartition) {
		if err := producer.ProduceSync(within(t), &kgo.Record{Topic: tp.Topic, Partition: tp.Partition}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		sent++
		f.until(t, "it is there", func() bool { return len(f.got) == sent })
	}
	have := func(n int) func() bool { return func() bool { return len(s.partitions()) == n } }
	for range 3 {
		second := open(t, c, "a", true, wide)
		eventually(t, "the other takes one", have(1))
		kept := s.partitions()[0]
		one(kept)
		second.stop(t)
		eventually(t, "it gets it back", have(2))
		one(kept) // behind all that comes again
	}
	f.stop(t)
	if f.forgot < 3 || f.failed != nil {
		t.Fatalf("the client forgot a message %d times: %v", f.forgot, f.failed)
	}
	for name, n := range f.got {
		if n > 1 {
			t.Errorf("%s came %d times", name, n)
		}
	}
}
