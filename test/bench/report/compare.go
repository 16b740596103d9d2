package report

import (
	"fmt"
	"math"
)

// Fall is a goal whose ratio is worse than it was, or can't be compared.
type Fall struct {
	Before, Now Outcome
	// By is the share of the earlier ratio's worth that is gone, above 0 and up to 1:
	// a throughput ratio of 2 that became 1.5 fell by 0.25, and so did a wait's of 1.5
	// that became 2.
	By float64
	// Missing says what can't be compared, and why; then By is 0.
	Missing string
}

// Compare finds the goals whose ratio fell by more than tolerance (0.15) since an
// earlier run. It compares ratios between contestants within each run, never times:
// those are the machine's. So goals without Against are left out. What one of the runs
// hasn't measured is in the list, with Missing.
func Compare(now, before *Results, goals []Goal, tolerance float64) []Fall {
	var all []Fall
	for _, g := range goals {
		if g.Against == "" {
			continue
		}
		f := Fall{Before: before.check(g), Now: now.check(g)}
		switch {
		case f.Now.Missing != "":
			f.Missing = "this run lacks " + f.Now.Missing
		case f.Before.Missing != "":
			f.Missing = "the earlier run lacks " + f.Before.Missing
		default:
			f.By = fallen(f.Before.Ratio, f.Now.Ratio, f.Now.Higher)
		}
		if f.Missing != "" || f.By > tolerance {
			all = append(all, f)
		}
	}
	return all
}

// fallen is how much of the worth of a ratio is gone; 0 when nothing is.
func fallen(before, now float64, higher bool) float64 {
	if !higher {
		before, now = now, before
	}
	if before <= now || before == 0 {
		return 0
	}
	return 1 - now/before
}

// String is one line for a terminal.
func (f *Fall) String() string {
	g := &f.Now.Goal
	name := g.Case + ": " + g.what()
	if f.Missing != "" {
		return name + ": not compared: " + f.Missing
	}
	return fmt.Sprintf("%s: fell by %.0f %%: %s now (%s), %s before; goal %s: %s", name, math.Round(100*f.By),
		times(f.Now.Ratio), span(f.Now.Lowest, f.Now.Highest), times(f.Before.Ratio), f.Now.Bound(), f.Now.Verdict())
}

// Unlike says in what two runs differ so that ratios may differ, too, one line each:
// machine, size, client. What fell between them may be due to that.
func Unlike(now, before *Results) []string {
	var all []string
	say := func(what string, n, b any) {
		if n != b {
			all = append(all, fmt.Sprintf("%s: %v now, %v before", what, n, b))
		}
	}
	size := map[bool]string{true: "quick", false: "full"}
	n, b := &now.Machine, &before.Machine
	say("run", size[now.Quick], size[before.Quick])
	say("CPU", n.CPU, b.CPU)
	say("cores", n.Cores, b.Cores)
	say("Kafka", n.Kafka, b.Kafka)
	say("Go", n.Go, b.Go)
	say("librdkafka", n.Client, b.Client)
	say("franz-go", n.Franz, b.Franz)
	say("Java", n.Java, b.Java)
	say("parallel-consumer", n.Partner, b.Partner)
	say("Python", n.Python, b.Python)
	say("KafkaBoost", n.Boost, b.Boost)
	return all
}
