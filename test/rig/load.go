package rig

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

// Load produces messages of chosen levels and keeps the ledger.
type Load struct {
	t        testing.TB
	setup    *Setup
	producer *kafkaio.Producer
	Ledger   verdict.Ledger
	stalls   *verdict.StallRecorder

	mu     sync.Mutex
	failed error
	next   int
}

// Load makes a producer that ends with the test.
func (s *Setup) Load(t testing.TB) *Load {
	t.Helper()
	p, err := kafkaio.NewProducer(s.Config, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	stalls := verdict.RecordStalls()
	t.Cleanup(func() { stalls.Stop() })
	return &Load{t: t, setup: s, producer: p, stalls: stalls}
}

// Message is what Send produces.
type Message struct {
	Level boostd.Level
	// Topic, where it isn't the level's.
	Topic string
	Key   []byte
	Value []byte
	// Stamped adds the header produced_at_ns, finer than Kafka's timestamp.
	Stamped bool
	// Headers are further ones.
	Headers []boostd.Header
}

// Send queues a message for the topic of its level; in the base topic a level
// other than 0 goes into the header priority.
func (l *Load) Send(m Message) {
	l.t.Helper()
	headers := m.Headers
	if m.Level != 0 && int(m.Level) < l.setup.Min {
		headers = append(headers, boostd.Header{Key: priority.Header, Value: strconv.AppendInt(nil, int64(m.Level), 10)})
	}
	if m.Stamped {
		headers = append(headers, boostd.Header{Key: "produced_at_ns", Value: strconv.AppendInt(nil, time.Now().UnixNano(), 10)})
	}
	if m.Topic == "" {
		m.Topic = l.setup.Topic(m.Level)
	}
	r := kafkaio.Record{Topic: m.Topic, Partition: kafkaio.AnyPartition, Key: m.Key, Value: m.Value, Headers: headers}
	if err := l.producer.Produce(l.t.Context(), r, l.ack(r.Topic, m.Level)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *Load) ack(topic string, level boostd.Level) kafkaio.Ack {
	return kafkaio.AckFunc(func(partition int32, offset int64, err error) {
		if err != nil {
			l.mu.Lock()
			l.failed = err
			l.mu.Unlock()
			return
		}
		l.Ledger.Add(verdict.Entry{
			TopicPartition: boostd.TopicPartition{Topic: topic, Partition: partition},
			Offset:         offset, Level: level, AckedAt: time.Now(),
		})
	})
}

// Fill sends n messages of one level with values of size bytes and keys that
// differ, and waits until they are acknowledged.
func (l *Load) Fill(level boostd.Level, n, size int) {
	l.t.Helper()
	value := make([]byte, size)
	for i := range value {
		value[i] = 'a' + byte(i%26)
	}
	for range n {
		l.next++
		l.Send(Message{Level: level, Key: strconv.AppendInt(nil, int64(l.next), 10), Value: value})
	}
	l.Flush()
}

// Flush waits for all acknowledgements, also in a cleanup, when the test's own
// context has ended.
func (l *Load) Flush() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.t.Context()), 2*Patience)
	defer cancel()
	if err := l.producer.Flush(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		l.t.Fatalf("produce: %v", l.failed)
	}
}

// Stream sends perSecond messages a second of one level until ctx ends, stamped
// and without a key, and waits for the acknowledgements.
func (l *Load) Stream(ctx context.Context, level boostd.Level, perSecond float64, size int) {
	l.t.Helper()
	tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer tick.Stop()
	value := make([]byte, size)
	for {
		select {
		case <-ctx.Done():
			l.Flush()
			return
		case <-tick.C:
			l.Send(Message{Level: level, Value: value, Stamped: true})
		}
	}
}

// End is the offset behind the partition's last acknowledged message.
func (l *Load) End(tp boostd.TopicPartition) int64 {
	end := int64(0)
	for _, e := range l.Ledger.Entries() {
		if e.TopicPartition == tp {
			end = max(end, e.Offset+1)
		}
	}
	return end
}

// AwaitHandled waits until every acknowledged message is in the audit as done.
func (l *Load) AwaitHandled() {
	l.t.Helper()
	l.AwaitDone(l.Ledger.Len())
}

// AwaitDone waits until n different messages are in the audit as done.
func (l *Load) AwaitDone(n int) {
	l.t.Helper()
	lines := DoneLines{Path: l.setup.AuditPath()}
	enough := func() bool {
		return lines.Count() >= n && CountDone(l.setup.Audit(l.t)) >= n
	}
	if !await(2*Patience, enough) {
		l.t.Fatalf("waited %v for %d messages; not done are: %s", 2*Patience, n, l.missing())
	}
}

// missing says, by partition, how many acknowledged messages are not done.
func (l *Load) missing() string {
	done := donePlaces(l.setup.Audit(l.t))
	open := map[boostd.TopicPartition][]int64{}
	for _, e := range l.Ledger.Entries() {
		if !done[Place{e.TopicPartition, e.Offset}] {
			open[e.TopicPartition] = append(open[e.TopicPartition], e.Offset)
		}
	}
	text := ""
	for tp, offsets := range open {
		text += fmt.Sprintf("%v: %d from %d to %d; ", tp, len(offsets), slices.Min(offsets), slices.Max(offsets))
	}
	return text
}

// Verdict judges what the audit has against the ledger. Called once, at the end.
func (l *Load) Verdict() verdict.Verdict {
	v, _ := l.VerdictAndStalls()
	return v
}

// VerdictAndStalls is Verdict, and when this process got no processor.
func (l *Load) VerdictAndStalls() (verdict.Verdict, []verdict.Interval) {
	stalls := l.stalls.Stop()
	return verdict.Judge(l.Ledger.Entries(), l.setup.Audit(l.t), stalls), stalls
}

// Describe is a verdict in one line for a test's log.
func Describe(v verdict.Verdict) string {
	text := fmt.Sprintf("produced %d, handled %d, lost %d, duplicates %d, inversions %d, blind %d, left out %d",
		v.Produced, v.Handled, v.Lost, v.Duplicates, v.Inversions, v.BlindInversions, v.LeftOut)
	for _, l := range v.Levels {
		text += fmt.Sprintf("; level %d: %d, p50 %v, p99 %v", l.Level, l.Handled, l.Quantile(0.5), l.Quantile(0.99))
	}
	return text
}
