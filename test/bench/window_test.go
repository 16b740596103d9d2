package main

import (
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

func TestQuantile(t *testing.T) {
	hundred := make([]float64, 100)
	for n := range hundred {
		hundred[n] = float64(100 - n)
	}
	for _, c := range []struct {
		of   []float64
		q    float64
		want float64
	}{
		{[]float64{3}, 0.5, 3}, {[]float64{3}, 0.99, 3}, {[]float64{2, 1}, 0.5, 1}, {[]float64{3, 1, 2}, 0.5, 2},
		{hundred, 0.5, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1},
	} {
		if got := quantile(c.of, c.q); got != c.want {
			t.Errorf("%v of %v values: %v, want %v", c.q, len(c.of), got, c.want)
		}
	}
}

func TestBegunLate(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(0, int64(ms)*1e6) }
	made := []time.Time{at(0), at(50), at(100)}
	for _, c := range []struct {
		begun int
		want  []float64
	}{{0, []float64{200, 150, 100}}, {2, []float64{100}}, {3, nil}, {5, nil}} {
		if got := begunLate(made, c.begun, at(200)); !slices.Equal(got, c.want) {
			t.Errorf("%d begun: %v, want %v", c.begun, got, c.want)
		}
	}
}

func TestLowRate(t *testing.T) {
	mark := func(at int64, started ...int64) task.Event { return task.Event{At: at, Started: started} }
	for _, c := range []struct {
		before, after task.Event
		want          float64
	}{
		{mark(1e9, 100, 1), mark(3e9, 300, 9), 100},
		{mark(1e9), mark(3e9, 300), 0},
		{mark(3e9, 1), mark(3e9, 300), 0},
	} {
		if got := lowRate(c.before, c.after); got != c.want {
			t.Errorf("from %+v to %+v: %v, want %v", c.before, c.after, got, c.want)
		}
	}
}
