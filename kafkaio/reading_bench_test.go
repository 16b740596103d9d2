package kafkaio

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// backlog is how many messages one operation of the benchmark reads.
const backlog = 400_000

// BenchmarkReading is what a message costs on real Kafka, from its first one to the
// last of a backlog: read by the client's own Poll alone, by a Source one by one, and
// by a Source many at a time, each message settled at once by another goroutine. It prints wall and processor time,
// the client's threads included, and Go's allocations a message.
//
//	go test ./kafkaio -run '^$' -bench Reading -benchtime 3x
func BenchmarkReading(b *testing.B) {
	cluster := kafkatest.New(b, kafkatest.Options{})
	c := Config{Brokers: cluster.Brokers(), Group: "g"}
	c.SetDefaults()
	loads := []struct {
		name    string
		value   int
		key     bool
		headers int
	}{{"100B", 100, false, 0}, {"1KB", 1000, false, 0}, {"100B,key,3headers", 100, true, 3}}
	for n, l := range loads {
		topic := fmt.Sprintf("reading-%d", n)
		ensure(b, c, topic, 6)
		fill := Record{Topic: topic, Value: make([]byte, l.value)}
		for h := range l.headers {
			fill.Headers = append(fill.Headers, boostd.Header{Key: fmt.Sprintf("header-%d", h), Value: []byte("0123456789")})
		}
		produceBacklog(b, c, fill, l.key)
		b.Run(l.name+"/client", func(b *testing.B) { measured(b, func() (first, last *mark) { return drainClient(b, c, topic) }) })
		b.Run(l.name+"/poll", func(b *testing.B) { measured(b, func() (first, last *mark) { return drainSource(b, c, topic, true) }) })
		b.Run(l.name+"/batch", func(b *testing.B) { measured(b, func() (first, last *mark) { return drainSource(b, c, topic, false) }) })
	}
}

func produceBacklog(b *testing.B, c Config, r Record, keyed bool) {
	b.Helper()
	p, err := NewProducer(c, hclog.NewNullLogger())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	var failed atomic.Int64
	acked := AckFunc(func(_ int32, _ int64, err error) {
		if err != nil {
			failed.Add(1)
		}
	})
	for i := range backlog {
		r.Partition = int32(i % 6)
		if keyed {
			r.Key = fmt.Appendf(nil, "key-%d", i%1000)
		}
		if err := p.Produce(b.Context(), r, acked); err != nil {
			b.Fatal(err)
		}
	}
	if err := p.Flush(b.Context()); err != nil || failed.Load() > 0 {
		b.Fatalf("flush: %v; %d records failed", err, failed.Load())
	}
}

// mark is a moment.
type mark struct {
	at      time.Time
	cpu     time.Duration
	mallocs uint64
}

func now() *mark {
	var m runtime.MemStats
	var u syscall.Rusage
	runtime.ReadMemStats(&m)
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return &mark{time.Now(), time.Duration(u.Utime.Nano() + u.Stime.Nano()), m.Mallocs}
}

// measured runs drains; each returns when its first message came, and its last.
func measured(b *testing.B, drain func() (first, last *mark)) {
	var wall, cpu time.Duration
	var mallocs uint64
	for b.Loop() {
		first, last := drain()
		wall += last.at.Sub(first.at)
		cpu += last.cpu - first.cpu
		mallocs += last.mallocs - first.mallocs
	}
	all := float64(b.N) * backlog
	b.ReportMetric(float64(wall)/all, "ns/message")
	b.ReportMetric(float64(cpu)/all, "cpu-ns/message")
	b.ReportMetric(float64(mallocs)/all, "allocs/message")
	b.ReportMetric(0, "ns/op")
}

// drainClient is the loop that any program of this client has.
func drainClient(b *testing.B, c Config, topic string) (first, last *mark) {
	client, err := kafka.NewConsumer(configMap(c.sharedProperties(fmt.Sprintf("bare-%d", time.Now().UnixNano()), "base", 1)))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	go func() {
		for range client.Logs() {
		}
	}()
	if err := client.SubscribeTopics([]string{topic}, nil); err != nil {
		b.Fatal(err)
	}
	for n := 0; n < backlog; {
		if _, ok := client.Poll(100).(*kafka.Message); !ok {
			continue
		}
		if n++; n == 1 {
			first = now()
		}
	}
	return first, now()
}

func drainSource(b *testing.B, c Config, topic string, oneByOne bool) (first, last *mark) {
	o := options(c, topic, Window{Messages: 4096, Bytes: 64 << 20})
	o.Group = fmt.Sprintf("source-%d", time.Now().UnixNano())
	o.CommitInterval, o.oneByOne, o.Consumers = time.Second, oneByOne, 1
	s, err := NewSource(o)
	if err != nil {
		b.Fatal(err)
	}
	batches, done := make(chan *boostd.Batch, 4096), make(chan struct{})
	go func() {
		defer close(done)
		settled := make([]boostd.Settlement, 0, maxBatch)
		for n := 0; n < backlog; {
			batch := <-batches
			if n == 0 {
				first = now()
			}
			n += len(batch.Messages)
			settled = settled[:0]
			for i := range batch.Messages {
				settled = append(settled, boostd.Settlement{Message: &batch.Messages[i], Outcome: boostd.Done})
			}
			s.Settle(settled)
		}
		last = now()
	}()
	if err := s.Start(func(event any) {
		if batch, ok := event.(*boostd.Batch); ok {
			batches <- batch
		}
	}); err != nil {
		b.Fatal(err)
	}
	<-done
	r := receiver{to: s}
	r.stop(b)
	return first, last
}
