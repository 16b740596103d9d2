package report

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name string, text []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(text) {
		t.Errorf("%s is another; if it should be: go test ./test/bench/report -update\n%s", file, text)
	}
}

var nan = math.NaN()

// spread are n waits around a median, with a tail.
func spread(n int, median, tail float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		q := (float64(i) + 0.5) / float64(n)
		all[i] = median * math.Pow(q/0.5, 0.3) * math.Pow(1/(1-q)/2, tail)
	}
	return all
}

// sample is a run of made-up figures, in the order of magnitude of real ones.
func sample() *Results {
	const tuned, hour, pool, boost = "confluent-kafka-go, tuned", "one consumer, goroutines", "parallel-consumer", "KafkaBoost"
	r := &Results{
		Version: Version, Commit: "0123abc", Date: "2026-02-03T04:05:06Z", Rounds: 5, Seconds: 1623.4,
		Machine: Machine{CPU: "Example 3000 | two cores", Cores: 2, Memory: 7.7, Kernel: "6.1", Kafka: "4.1.0", Go: "1.26", Client: "2.15.0", Franz: "1.22.2", Java: "21", Partner: "0.5.3"},
		Contestants: []Contestant{
			{Ours, "the daemon, handler noop", "test/bench/boostd.yaml"},
			{"confluent-kafka-go, defaults", "a Poll loop", "test/bench/contestants/bare/main.go"},
			{tuned, "a Poll loop, tuned", "test/bench/contestants/bare/tuned.go"},
			{"franz-go", "its poll loop", "test/bench/contestants/franz/main.go"},
			{hour, "what one writes in an hour", "test/bench/contestants/hour/main.go"},
			{"free-slot select", "what one writes in a day", "test/bench/contestants/day/main.go"},
			{pool, "Confluent's, of Maven", "test/bench/contestants/pc/Main.java"},
			{boost, "0.2.0 of PyPI", ""},
		},
		Failures: []Failure{{"T", "100 B, 11 levels", boost, 3, "exit status 1:\nTraceback"}, {"R", "kill -9", Ours, 1, "no broker"}},
	}
	figure := func(letter, variant, contestant, measure, unit string, higher bool, clock string, rounds ...float64) {
		r.Figures = append(r.Figures, Figure{letter, variant, contestant, measure, unit, higher, clock, rounds})
	}
	rate := func(variant, contestant string, rounds ...float64) {
		figure("T", variant, contestant, "throughput", "messages/s", true, "from the first poll to the last message", rounds...)
	}
	cpu := func(contestant string, rounds ...float64) {
		figure("T", "100 B, 11 levels", contestant, "CPU", "µs/message", false, "from the first poll to the last message", rounds...)
	}
	const levels = "100 B, 11 levels"
	rate(levels, tuned, 590e3, 571e3, 602e3, 588e3, 595e3)
	rate(levels, Ours, 610e3, 580e3, 633e3, 600e3, 590e3)
	rate(levels, pool, 146e3, 151e3, 139e3, 147e3, 146e3)
	rate(levels, boost, 10.8e3, 10.6e3, nan, 11e3, 10.9e3)
	cpu(tuned, 1.61, 1.6, 1.65, 1.58, 1.62)
	cpu(Ours, 1.9, 1.95, 1.88, 2.1, 1.91)
	rate("1 KB, 1 level", tuned, 420e3)
	wait := func(variant, contestant, measure string, rounds ...float64) {
		figure("H", variant, contestant, measure, "ms", false, "from production to start", rounds...)
	}
	wait("idle", tuned, "wait p50", 1.3, 1.31, 1.29, 1.32, 1.3)
	wait("idle", tuned, "wait p99", 3.1, 4.8, 2.9, 3.3, 3.4)
	wait("1 ms work", Ours, "wait p50", 1.7, 1.74, 1.69, 1.71, 1.9)
	wait("1 ms work", Ours, "wait p99", 6.1, 9.9, 6.2, 6.5, 6.3)
	wait("1 ms work", hour, "wait p50", 3250, 3300, 3100, 3240, 3260)
	figure("M", "", Ours, "resident memory", "MiB", false, "", 190, 192, 189, 191, 190)
	figure("M", "", tuned, "resident memory", "MiB", false, "", 166, 164, 170, 167, 165)
	r.Waits = []Waits{
		NewWaits("1 ms work", Ours, false, spread(2000, 1.7, 0.28)),
		NewWaits("1 ms work", tuned, true, spread(2000, 1.3, 0.25)),
		NewWaits("1 ms work", "free-slot select", false, spread(2000, 1.8, 0.26)),
		NewWaits("1 ms work", hour, false, spread(600, 3250, 0.05)),
		NewWaits("1 ms work", pool, false, spread(600, 3120, 0.06)),
		NewWaits("1 ms work", boost, false, spread(300, 1300, 0.4)),
		NewWaits("25–75 ms work", Ours, false, spread(1000, 2.1, 0.3)),
		NewWaits("25–75 ms work", "free-slot select", false, spread(1000, 2, 0.3)),
	}
	micros := []float64{0, 10, 100, 1000, 10000}
	for _, c := range []struct {
		name string
		most float64
	}{{Ours, 610e3}, {tuned, 590e3}, {"franz-go", 2.9e6}, {hour, 485e3}, {pool, 146e3}, {boost, 10.8e3}} {
		y := make([]float64, len(micros))
		for i, us := range micros {
			y[i] = min(c.most, 64e6/max(us*1.08, 1))
		}
		r.Series = append(r.Series, Series{ThroughputPlot, c.name, micros, y})
	}
	counts := []float64{1, 11, 33}
	r.Series = append(r.Series,
		Series{MemoryPlot, Ours, counts, []float64{61, 190, 420}}, Series{MemoryPlot, tuned, counts, []float64{48, 166, 401}},
		Series{MemoryPlot, pool, counts, []float64{410, 610, 890}}, Series{MemoryPlot, hour, counts, []float64{70, 120, 180}})
	return r
}

func sampleGoals() []Goal {
	const tuned = "confluent-kafka-go, tuned"
	return []Goal{
		{What: "throughput against the bare tuned loop", Case: "T", Variant: "100 B, 11 levels", Measure: "throughput", Of: Ours, Against: tuned, AtLeast: 1},
		{Case: "T", Variant: "100 B, 11 levels", Measure: "throughput", Of: Ours, Against: "KafkaBoost", AtLeast: 40},
		{What: "CPU beyond the bare tuned loop", Case: "T", Variant: "100 B, 11 levels", Measure: "CPU", Of: Ours, Against: tuned, AtMost: 1, Allowance: 0.4},
		{Case: "H", Variant: "1 ms work", Measure: "wait p50", Of: Ours, Against: tuned, AgainstVariant: "idle", AtMost: 1.2},
		{Case: "H", Variant: "1 ms work", Measure: "wait p99", Of: Ours, Against: tuned, AgainstVariant: "idle", AtMost: 1.5, Allowance: 3},
		{What: "memory", Case: "M", Measure: "resident memory", Of: Ours, Limit: 200},
		{What: "gap when an instance joins", Case: "R", Variant: "join", Measure: "gap", Of: Ours, Limit: 1200},
	}
}
