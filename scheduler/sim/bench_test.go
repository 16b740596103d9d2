package sim

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkRun measures events a second, and a second of processor time, which
// others on the machine don't change: one instance of 64 slots on eleven levels,
// and twenty of them.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		instances int
		takes     time.Duration
	}{{1, 100 * time.Microsecond}, {1, time.Millisecond}, {20, time.Millisecond}} {
		b.Run(fmt.Sprintf("instances=%d/%v", c.instances, c.takes), func(b *testing.B) {
			config := small()
			config.For, config.Instances, config.Pool.Slots = time.Second, c.instances, 64
			config.Handler = Times{{Shape: Uniform, A: c.takes / 2, B: c.takes * 3 / 2}}
			rate := 0.9 * 64 * float64(c.instances) / c.takes.Seconds() / 11
			config.Loads = []Load{{First: 0, Last: 10, Partitions: 4 * c.instances, Poisson: rate}}
			events, before := uint64(0), used(b)
			for b.Loop() {
				r, err := Run(config)
				if err != nil {
					b.Fatal(err)
				}
				events += r.Events
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(events)/(used(b)-before).Seconds(), "events/cpu-s")
		})
	}
}

// used is the processor time of the process so far.
func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
