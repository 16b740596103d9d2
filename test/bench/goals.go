package main

import "github.com/kafkaboost/boostd/test/bench/report"

// goals are what boostd is held to, as ratios within one run.
func goals() (all []report.Goal) {
	for _, list := range [][]report.Goal{throughputGoals(), waitGoals(), orderGoals(), costGoals(), changeGoals()} {
		all = append(all, list...)
	}
	return all
}

// goalsOf are the goals that a run is asked about.
func goalsOf(o options) (all []report.Goal) {
	for _, g := range goals() {
		if wants(o.cases, g.Case) && wants(o.contestants, g.Of) && (g.Against == "" || wants(o.contestants, g.Against)) {
			all = append(all, g)
		}
	}
	return all
}

func throughputGoals() (all []report.Goal) {
	for _, l := range loads {
		of := func(g report.Goal) {
			g.Case, g.Variant, g.Of = "T", l.name, boostd
			all = append(all, g)
		}
		// Twice the loop's rate takes reading in batches, which small messages gain most by.
		least := 2.0
		if l.size >= 1000 {
			least = 1
		}
		of(report.Goal{What: "throughput against the bare tuned loop, " + l.name, Measure: throughput.name, Against: bare, AtLeast: least})
		of(report.Goal{What: "throughput against parallel-consumer, " + l.name, Measure: throughput.name, Against: parallelConsumer, AtLeast: 3})
		of(report.Goal{What: "throughput against KafkaBoost, " + l.name, Measure: throughput.name, Against: kafkaBoost, AtLeast: 40})
		of(report.Goal{What: "CPU a message beyond the bare tuned loop's, " + l.name, Measure: cpuEach.name, Against: bare, AtMost: 1, Allowance: 0.4})
	}
	return all
}

func waitGoals() []report.Goal {
	idle := func(what, variant string, m measure, atMost, allowance float64) report.Goal {
		return report.Goal{What: what, Case: "H", Variant: variant, Measure: m.name, Of: boostd, Against: boostd,
			AgainstVariant: idleName, AtMost: atMost, Allowance: allowance}
	}
	return []report.Goal{
		idle("wait p50 under a backlog of 1 ms work, against idle", loadedName, waitHalf, 1.4, 0),
		idle("wait p99 under a backlog of 1 ms work, against idle", loadedName, waitMost, 1.5, 3),
		idle("the same with `reserve: 1`, p50", "1 ms work, reserve 1", waitHalf, 1.2, 0),
		{What: "low work while high messages come, against the same program without them", Case: "H", Variant: loadedName,
			Measure: lowWith.name, Of: boostd, Against: boostd, AgainstMeasure: lowAlone.name, AtLeast: 0.95},
		idle("wait p99 under a backlog of 25–75 ms work, against idle", "25–75 ms work", waitMost, 1, 6),
		idle("wait p99 under a backlog of 50 ms work with `reserve: 2`, against idle", "50 ms work, reserve 2", waitMost, 1, 2),
		idle("a burst of 1,000 under a backlog, against the same burst alone", loadedName, bursting, 1.1, 0),
	}
}

func orderGoals() []report.Goal {
	p := func(what, variant, against string, atMost float64) report.Goal {
		return report.Goal{What: what, Case: "P", Variant: variant, Measure: fromFirst.name, Of: boostd, Against: against, AtMost: atMost}
	}
	return []report.Goal{
		p("10,000 messages unordered, against a pool by hand", unorderedName, pool, 1.04),
		p("10,000 messages unordered, against parallel-consumer", unorderedName, parallelConsumer, 0.85),
		p("10,000 messages by key, against parallel-consumer", byKeyName, parallelConsumer, 0.85),
		p("10,000 messages by key, against a hash by hand", byKeyName, hash, 0.8),
	}
}

func costGoals() []report.Goal {
	return []report.Goal{
		{What: "memory of 11 levels with a full backlog, against the bare tuned loops", Case: "M", Variant: levelsName(11), Measure: resident.name,
			Of: boostd, Against: bare, AtMost: 1.25},
		{What: "idle CPU of 11 levels, against the bare tuned loops", Case: "I", Variant: levelsName(11), Measure: idleCPU.name,
			Of: boostd, Against: bare, AtMost: 1.2},
		{What: "CPU of 11 levels at 20 messages/s, against the bare tuned loops", Case: "I", Variant: levelsName(11), Measure: slackCPU.name,
			Of: boostd, Against: bare, AtMost: 1, Allowance: 5},
	}
}

func changeGoals() []report.Goal {
	return []report.Goal{
		{What: "start to the first message, against the bare tuned loops", Case: "S", Variant: startName, Measure: startTime.name,
			Of: boostd, Against: bare, AtMost: 1.2},
		{What: "a change of the settings to its effect", Case: "S", Variant: reloadName, Measure: effect.name, Of: boostd, Limit: 250},
		{What: "a stop when idle", Case: "S", Variant: startName, Measure: stopTime.name, Of: boostd, Limit: 1000},
		{What: "gap when an instance joins", Case: "R", Variant: joinName, Measure: gapMoved.name, Of: boostd, Limit: 1200},
		{What: "gap when an instance leaves", Case: "R", Variant: leaveName, Measure: gapMoved.name, Of: boostd, Limit: 1200},
		// No gap is one that the messages' own distance of 10 ms and a busy machine explain.
		{What: "gap of partitions that stay, when an instance joins", Case: "R", Variant: joinName, Measure: gapStayed.name, Of: boostd, Limit: 100},
		{What: "gap of partitions that stay, when an instance leaves", Case: "R", Variant: leaveName, Measure: gapStayed.name, Of: boostd, Limit: 100},
	}
}
