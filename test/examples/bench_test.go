package examples

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// BenchmarkPlugin says how fast the plugin BOOSTD_BENCH_PLUGIN is, an executable whose
// handler does nothing: saturated, with batches of several sizes, and one message alone.
func BenchmarkPlugin(b *testing.B) {
	path := os.Getenv("BOOSTD_BENCH_PLUGIN")
	if path == "" {
		b.Skip("BOOSTD_BENCH_PLUGIN names no plugin")
	}
	p, err := start(b, path, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name          string
		streams, size int
		credit        int
	}{{"batch64", 2, 64, 4}, {"batch256", 2, 256, 4}, {"batch64x1", 1, 64, 8}} {
		b.Run(c.name, func(b *testing.B) { saturate(b, p, c.streams, c.size, c.credit) })
	}
	b.Run("roundtrip", func(b *testing.B) { roundTrip(b, p) })
}

// saturate keeps so many batches on their way on each stream.
func saturate(b *testing.B, p *running, streams, size, credit int) {
	began := time.Now()
	ended := make(chan struct{})
	for range streams {
		s := p.work(b)
		go func() {
			defer func() { ended <- struct{}{} }()
			var id uint64
			out, in := 0, 0
			for in < b.N/streams {
				for out-in < credit*size && out < b.N/streams {
					s.batch(batchOf(&id, size))
					out += size
				}
				in += len(s.results(1))
			}
			s.CloseSend()
		}()
	}
	for range streams {
		<-ended
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "messages/s")
}

func batchOf(id *uint64, size int) *wire.Batch {
	batch := &wire.Batch{TimeoutMs: 30000}
	for range size {
		*id++
		batch.Messages = append(batch.Messages, &wire.Message{Id: *id, Topic: "orders_9", Partition: 3, Offset: int64(*id),
			Level: 9, Attempt: 1, Key: []byte("k1234567"), Value: payload})
	}
	return batch
}

var payload = make([]byte, 256)

func roundTrip(b *testing.B, p *running) {
	s := p.work(b)
	var id uint64
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		s.batch(batchOf(&id, 1))
		s.results(1)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
}
