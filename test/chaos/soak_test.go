//go:build soak

package chaos

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

var soaking = flag.Duration("soak.for", time.Hour, "how long")

// looking is the time between two measurements.
const looking = 10 * time.Second

// A daemon that nobody breaks, among others that are and on brokers that are,
// uses no more after an hour than after a quarter of it.
func TestSoak(t *testing.T) {
	const seed = 1
	w := NewWorld(t, Run{Seed: seed, Lasting: *soaking, Top: top}, Options{Rate: 100, Daemons: 2, Spared: 1})
	planner := newPlanner(seed, mild)
	done := make(chan struct{})
	var watch sync.WaitGroup
	var times []float64
	values := map[Resource][]float64{}
	next := func() Round {
		if times == nil { // the daemons run
			times = []float64{}
			watch.Go(func() { times = watchUsage(t, w, values, done) })
		}
		r := planner.Next()
		r.Calm += 20 * time.Second
		return r
	}
	err := w.Run(next)
	if err != nil {
		t.Error(err)
	}
	close(done)
	watch.Wait()
	h := w.journal.History()
	convict(t, Judge(&h))
	from := slices.IndexFunc(times, func(at float64) bool { return at >= soaking.Seconds()/4 })
	if from < 0 {
		t.Fatal("nothing was measured")
	}
	for _, resource := range slices.Sorted(maps.Keys(values)) {
		trend := TrendOf(times[from:], values[resource][from:])
		t.Logf("%-12s %d measurements, mean %.1f, growth %.2f, limit %.2f", resource, len(times)-from, trend.Mean, trend.Growth, trend.Limit())
		if trend.Above() {
			t.Errorf("%s: grew by %.2f over the last three quarters, limit %.2f", resource, trend.Growth, trend.Limit())
		}
	}
	if t.Failed() {
		path, err := w.Keep(*keep)
		t.Log("the history is ", path, fmt.Sprint(err))
	}
}

// watchUsage measures the first daemon until done, or until the load ends, and
// returns the times.
func watchUsage(t *testing.T, w *World, values map[Resource][]float64, done chan struct{}) (times []float64) {
	p := w.fleet.Process(1)
	var console string
	rig.Eventually(t, "it says where its console listens", func() (ok bool) {
		console, ok = p.Console()
		return ok
	})
	tick := time.NewTicker(looking)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return times
		case <-p.Ended():
			return times
		case <-tick.C:
		}
		u, err := Measure(p.PID(), console)
		if err != nil {
			t.Log(err) // it ends, or is slow to answer for once
			continue
		}
		times = append(times, w.journal.Now().Seconds())
		for resource, value := range u {
			values[resource] = append(values[resource], value)
		}
	}
}
