package verdict

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/audit"
)

func TestIdleSlots(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	run := func(worker, ready, dispatched, finished int) audit.Record {
		return audit.Record{Worker: worker, ReadyAt: at(ready), DispatchedAt: at(dispatched), StartedAt: at(dispatched), FinishedAt: at(finished)}
	}
	busy := []audit.Record{run(0, 0, 0, 50), run(1, 0, 0, 50), run(0, 0, 50, 60), run(1, 0, 50, 60)}
	for _, c := range []struct {
		name    string
		records []audit.Record
		stalls  []Interval
		idle    int
		leftOut time.Duration
	}{
		{"nothing", nil, nil, 0, 0},
		{"always busy", busy, nil, 0, 0},
		{"idle with nothing ready", []audit.Record{run(0, 0, 0, 10), run(0, 30, 30, 40)}, nil, 0, 0},
		{"idle with a message that waits", []audit.Record{run(0, 0, 0, 10), run(1, 0, 0, 40), run(0, 5, 30, 40)}, nil, 1, 0},
		{"idle for no longer than patience", []audit.Record{run(0, 0, 0, 10), run(1, 0, 0, 40), run(0, 5, 14, 40)}, nil, 0, 0},
		{"a slot that was never used", []audit.Record{run(0, 0, 0, 40), run(0, 5, 40, 50)}, nil, 1, 0},
		{"one batch, one after the other", []audit.Record{run(0, 0, 0, 10), run(1, 0, 0, 40), {Worker: 0, ReadyAt: at(10), DispatchedAt: at(0), StartedAt: at(10), FinishedAt: at(40)}}, nil, 0, 0},
		{"what waits for the start", []audit.Record{run(0, 0, 30, 40), run(1, 0, 30, 40)}, nil, 0, 0},
		{"what waits from the start on", []audit.Record{run(0, 0, 30, 40), run(1, 0, 36, 40)}, nil, 1, 0},
		{"in a stall", []audit.Record{run(0, 0, 0, 10), run(1, 0, 0, 40), run(0, 5, 30, 40)}, []Interval{{at(12), at(20)}}, 0, 20 * time.Millisecond},
	} {
		idle, leftOut := IdleSlots(c.records, 2, 5*time.Millisecond, c.stalls)
		if len(idle) != c.idle || leftOut != c.leftOut {
			t.Errorf("%s: idle %v, left out %v; want %d and %v", c.name, idle, leftOut, c.idle, c.leftOut)
		}
	}
}
