package sdk

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/plugins/wire"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// BenchmarkProcess is a handler that does nothing in a process of its own, 64 messages
// of 256 bytes in a batch and eight batches under way on each of two streams.
func BenchmarkProcess(b *testing.B) {
	for _, size := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmark(b, begin(b, "noop"), size) })
	}
}

func benchmark(b *testing.B, p *process, size int) {
	const streams, credit = 2, 8
	order := newOrder(30*time.Second, false, make([]uint64, size)...)
	for _, m := range order.GetBatch().GetMessages() {
		m.Value = make([]byte, 256)
	}
	var wg sync.WaitGroup
	open := make([]stream, streams)
	for i := range open {
		open[i] = p.open(b)
	}
	b.ResetTimer()
	from := cpu(b, 0) + cpu(b, p.Process.Pid)
	for _, s := range open {
		wg.Go(func() {
			left := b.N/streams/size + 1
			for sent, answered := 0, 0; answered < left*size; {
				for sent < left && sent*size-answered < credit*size {
					s.order(order)
					sent++
				}
				r, err := s.Recv()
				if err != nil {
					b.Error(err)
					return
				}
				answered += len(r.GetDone())
			}
		})
	}
	wg.Wait()
	used := cpu(b, 0) + cpu(b, p.Process.Pid) - from
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(used.Nanoseconds())/1e3/float64(b.N), "cpu-µs/message")
}

// cpu is what a process has used, 0 being this one, in steps of 10 ms.
func cpu(t testing.TB, pid int) time.Duration {
	t.Helper()
	name := "self"
	if pid != 0 {
		name = fmt.Sprint(pid)
	}
	stat, err := os.ReadFile("/proc/" + name + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err != nil || err2 != nil {
		t.Fatalf("%s: %v, %v", stat, err, err2)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// BenchmarkAlone is the time from a single message to its result, with and without the
// SDK's part in it.
func BenchmarkAlone(b *testing.B) {
	p := begin(b, "noop")
	s := p.open(b)
	b.Run("message", func(b *testing.B) {
		took := make([]time.Duration, 0, b.N)
		for b.Loop() {
			from := time.Now()
			s.batch(0, 1)
			if _, err := s.Recv(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(from))
		}
		percentiles(b, took)
	})
	b.Run("health", func(b *testing.B) { // one call and no more: what gRPC takes
		c := grpc_health_v1.NewHealthClient(p.conn)
		took := make([]time.Duration, 0, b.N)
		for b.Loop() {
			from := time.Now()
			if _, err := c.Check(context.Background(), &grpc_health_v1.HealthCheckRequest{Service: wire.Service}); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(from))
		}
		percentiles(b, took)
	})
}

func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
