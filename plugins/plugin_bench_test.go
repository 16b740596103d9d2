package plugins

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// supply is one slot's batch of messages that are done whatever the plugin says.
type supply struct {
	messages []boostd.Message
	next     int
	failed   int
}

func (s *supply) Next() (*boostd.Message, bool) {
	if s.next == len(s.messages) {
		return nil, false
	}
	s.next++
	return &s.messages[s.next-1], true
}

func (s *supply) Report(_ *boostd.Message, r boostd.Result) {
	if r.Outcome != boostd.Done {
		s.failed++
	}
}

// BenchmarkPlugin feeds a plugin that does nothing from memory: messages of 256 bytes,
// in batches as the scheduler makes them.
func BenchmarkPlugin(b *testing.B) {
	for _, batch := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("batches of %d", batch), func(b *testing.B) {
			h := newHandler(b, pluginConfig(b, ""), nil)
			const slots = 16
			warm := &supply{messages: make([]boostd.Message, 1)}
			for range 50 { // until it is known how fast it is
				warm.next = 0
				h.Handle(b.Context(), warm)
			}
			runtime.GC()
			b.ReportAllocs()
			b.ResetTimer()
			var all sync.WaitGroup
			for range slots {
				all.Go(func() {
					s := &supply{messages: make([]boostd.Message, batch)}
					for n := range s.messages {
						s.messages[n] = boostd.Message{Topic: "orders_7", Offset: int64(n), Level: 7, Attempt: 1, Key: make([]byte, 16),
							Headers: []boostd.Header{{Key: "kind", Value: make([]byte, 240)}}}
					}
					for range b.N / batch / slots {
						s.next = 0
						h.Handle(context.Background(), s)
					}
					if s.failed > 0 {
						b.Errorf("%d weren't done", s.failed)
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkPluginAlone is what a plugin adds to a single message.
func BenchmarkPluginAlone(b *testing.B) {
	h := newHandler(b, pluginConfig(b, ""), nil)
	s := &supply{messages: []boostd.Message{{Topic: "orders_7", Key: make([]byte, 16)}}}
	h.Handle(b.Context(), s)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		s.next = 0
		began := time.Now()
		h.Handle(context.Background(), s)
		took = append(took, time.Since(began))
	}
	b.ReportMetric(float64(quantileOf(took, 0.5).Microseconds()), "p50-µs")
	b.ReportMetric(float64(quantileOf(took, 0.99).Microseconds()), "p99-µs")
}

func quantileOf(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)]
}
