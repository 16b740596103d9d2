package sim

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/audit"
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

// watched is a run that a test looks at.
type watched struct {
	*world
	t       testing.TB
	records map[*instance][]audit.Record // of all attempts that ended
}

func newWatched(t testing.TB, c *Config) *watched {
	t.Helper()
	w, err := newWorld(c)
	if err != nil {
		t.Fatal(err)
	}
	r := &watched{world: w, t: t, records: map[*instance][]audit.Record{}}
	w.watch = &watch{
		started: func(*instance, *scheduler.Item) {},
		ended:   r.record,
		flow:    func(*source, scheduler.FlowChange) {},
		after:   func(*event) {},
	}
	return r
}

// record notes an attempt as a daemon's audit does.
func (r *watched) record(in *instance, i *scheduler.Item) {
	m := i.Message
	r.records[in] = append(r.records[in], audit.Record{
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Level: m.Level, Handler: "h", Attempt: m.Attempt, Result: i.Verdict(),
		ProducedAt: m.ProducedAt, FetchedAt: m.FetchedAt, ReadyAt: i.ReadyAt, DispatchedAt: i.DispatchedAt, StartedAt: i.StartedAt, FinishedAt: i.FinishedAt,
	})
}

// finish runs to the end and holds the result to account.
func (r *watched) finish() *Result {
	r.t.Helper()
	if err := r.run(); err != nil {
		r.t.Fatal(err)
	}
	result := r.result()
	conserved(r.t, result)
	return result
}

// conserved: what was produced is handled, or somewhere.
func conserved(t testing.TB, r *Result) {
	t.Helper()
	for _, l := range r.Levels {
		if sum := l.Handled() + l.Broker + l.Queued + l.InFlight; sum != l.Produced {
			t.Errorf("level %d: %d were produced; %d handled, %d in the brokers, %d queued, %d in flight make %d",
				l.Level, l.Produced, l.Handled(), l.Broker, l.Queued, l.InFlight, sum)
		}
	}
}

func simulate(t testing.TB, c *Config) *Result {
	t.Helper()
	r, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	conserved(t, r)
	return r
}

// level finds a level of a result.
func level(t testing.TB, r *Result, n int) *Level {
	t.Helper()
	for k := range r.Levels {
		if int(r.Levels[k].Level) == n {
			return &r.Levels[k]
		}
	}
	t.Fatalf("no level %d in the result", n)
	return nil
}
