package main

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// handledAt makes a trace of one partition.
func handledAt(partition int32, millis ...int64) (all []task.Event) {
	for _, ms := range millis {
		all = append(all, task.Event{Event: task.Handled, At: ms * 1e6, Topic: "r_0", Partition: partition})
	}
	return all
}

func TestGaps(t *testing.T) {
	const none = -1
	at := func(ms int64) time.Time { return time.Unix(0, ms*1e6) }
	for _, c := range []struct {
		name          string
		a, b          []task.Event
		moved, stayed int64
	}{
		{"both stay", append(handledAt(0, 90, 110, 150, 195), handledAt(1, 99, 130, 190)...), nil, none, 60},
		{"one moves", append(handledAt(0, 90, 110, 120), handledAt(1, 99, 130, 190)...), handledAt(0, 160, 180), 40, 60},
		{"one moves out of order", append(handledAt(0, 90, 120, 110), handledAt(1, 99, 130, 190)...), handledAt(0, 180, 160), 40, 60},
		{"nobody takes one over", append(handledAt(0, 90, 110), handledAt(1, 99, 130, 190)...), nil, none, 90},
		{"one moves that was handled by both before", handledAt(0, 95, 120), append(handledAt(0, 10), handledAt(0, 150, 199)...), 49, none},
		{"first seen within", handledAt(0, 120, 140), handledAt(0, 170, 190), 30, none},
	} {
		moved, stayed := gaps(byPlace([][]task.Event{c.a, c.b}), at(100), at(200))
		ms := func(d time.Duration) int64 {
			if d < 0 {
				return none
			}
			return d.Milliseconds()
		}
		if ms(moved) != c.moved || ms(stayed) != c.stayed {
			t.Errorf("%s: moved %v, stayed %v, want %d and %d ms", c.name, moved, stayed, c.moved, c.stayed)
		}
	}
}

func TestFirstSooner(t *testing.T) {
	all := starts(handledAt(0, 300, 100, 400, 410, 500, 505))
	got, ok := firstSooner(all, time.Unix(0, 350*1e6), 50*time.Millisecond)
	if !ok || got.UnixMilli() != 410 {
		t.Errorf("%v, %v, want the one at 410", got, ok)
	}
	if got, ok := firstSooner(all, time.Unix(0, 450*1e6), 50*time.Millisecond); !ok || got.UnixMilli() != 505 {
		t.Errorf("%v, %v, want the one at 505", got, ok)
	}
	if _, ok := firstSooner(all, time.Unix(0, 450*1e6), time.Millisecond); ok {
		t.Error("one was sooner than possible")
	}
}
