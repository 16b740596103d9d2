package sim

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// small is a configuration that tests change.
func small() *Config {
	return &Config{
		Seed: 1, For: 10 * time.Second, Instances: 1,
		Pool:     scheduler.PoolConfig{Name: "h", Slots: 8, Levels: 11, Retry: scheduler.Retry{Attempts: 3, Backoff: 100 * time.Millisecond, MaxBackoff: time.Second}},
		Core:     scheduler.Config{StartWait: 5 * time.Second, Gate: true},
		Window:   scheduler.DefaultWindow,
		Handler:  Times{{Shape: Uniform, A: time.Millisecond, B: 5 * time.Millisecond}},
		Latency:  Measured,
		Starving: 10 * time.Second,
	}
}

func run(t testing.TB, c *Config) *Result {
	t.Helper()
	r, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Levels {
		if sum := l.Handled() + l.Broker + l.Queued + l.InFlight; sum != l.Produced {
			t.Errorf("level %d: %d were produced; %d handled, %d in the brokers, %d queued, %d in flight make %d",
				l.Level, l.Produced, l.Handled(), l.Broker, l.Queued, l.InFlight, sum)
		}
	}
	return r
}

func TestTwoLevels(t *testing.T) {
	c := small()
	c.Loads = []Load{
		{First: 0, Last: 0, Partitions: 6, Backlog: 10_000, Poisson: 100},
		{First: 8, Last: 10, Partitions: 6, Burst: 1000, Every: 3 * time.Second},
	}
	r := run(t, c)
	for _, l := range r.Levels {
		t.Log(l.Level, l.Produced, l.Done, l.Broker, l.Queued, l.InFlight, l.Waits.Quantile(0.5), l.Waits.Quantile(.99), l.Waits.Max(), l.Verdict, l.Stall)
	}
	t.Log(r.Events, r.Busy)
}
