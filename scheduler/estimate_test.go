package scheduler

import (
	"testing"
	"time"
)

func TestBatch(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	for _, c := range []struct {
		name         string
		mean         time.Duration
		ready, slots int
		fair, most   int
	}{
		{"one ready message", ms, 1, 64, 1, 16},
		{"fewer than slots", ms, 64, 64, 1, 16},
		{"less than two for each slot", ms, 127, 64, 1, 16},
		{"a share of all slots, free or not", ms, 130, 64, 2, 16},
		{"a full window", ms, 1024, 64, 16, 16},
		{"more than the slice has time for", ms, 5000, 64, 16, 16},
		{"one slot", ms, 100, 1, 16, 16},
		{"fast messages: as many as are worth a batch", 10 * us, 3, 64, 20, 256},
		{"very fast ones", 100 * time.Nanosecond, 3, 64, 256, 256},
		{"a mean of nothing", 0, 3, 64, 256, 256},
		{"slow messages go alone", 5 * ms, 1000, 1, 1, 1},
		{"slower than the slice", time.Minute, 1000, 1, 1, 1},
	} {
		e := estimate{warm: 4}
		for range 3 {
			e.add(c.mean)
		}
		if fair, most := e.batch(DefaultSlice, c.ready, c.slots); fair != 1 || most != 1 {
			t.Errorf("%s: %d and %d before the mean is known", c.name, fair, most)
		}
		e.add(c.mean)
		if fair, most := e.batch(DefaultSlice, c.ready, c.slots); fair != c.fair || most != c.most {
			t.Errorf("%s: %d, at most %d; want %d and %d", c.name, fair, most, c.fair, c.most)
		}
	}
}

func TestEstimateIsAverageThenSlowMean(t *testing.T) {
	e := estimate{warm: 4}
	for _, d := range []time.Duration{1, 3, 5, 7} {
		e.add(d)
	}
	if !e.known() || e.mean != 4 {
		t.Fatalf("known %v, mean %v; want the average 4", e.known(), e.mean)
	}
	e.add(8)
	if e.mean != 5 {
		t.Fatalf("mean %v, want 5: a quarter of the way to 8", e.mean)
	}
	e.add(-20) // a clock that went backwards
	if e.mean != 3.75 {
		t.Fatalf("mean %v, want 3.75", e.mean)
	}
}
