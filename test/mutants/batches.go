package main

// Bugs in batches that a handler takes as a whole, and that wait to fill.

var (
	fillRules = suite{"scheduler", []string{"TestBatchTakesWhatIsReady", "TestTimeOfAMessageInABatch", "TestReservedSlotsWaitForTheirOwn",
		"TestOverdueEndsTheWait", "TestPreemptionForBatches", "TestKeysFillBatches", "TestVoid"}}
	stories     = suite{"scheduler", []string{"TestStories"}}
	collections = suite{"actors", []string{"TestBatchWaitsForMax", "TestBatchWaitsNoLongerThanWait", "TestHigherPartOfABatchGoesFirst",
		"TestKeyFailsInABatch", "TestWhatCutsABatch"}}
)

var batchMutants = []mutant{
	{
		name: "a lower batch goes while a higher one fills", file: "scheduler/choose.go",
		old:   "\treturn choice{level: highest, floor: floor}\n",
		new:   "\tfor at := highest; p.config.Batch.Wait > 0 && at > floor; at = p.ready.below(at) {\n\t\tif at != None && p.full.has(at) {\n\t\t\thighest = at\n\t\t}\n\t}\n\treturn choice{level: highest, floor: floor}\n",
		tests: []suite{stories, collections, naive},
	},
	{
		name: "a batch waits from its last message on", file: "scheduler/fill.go",
		old: "l.since = sooner(l.since, i.ReadyAt)", new: "l.since = later(l.since, i.ReadyAt)",
		tests: []suite{stories, fillRules, naive},
	},
	{
		name: "a batch that may not have a slot ends the wait of others", file: "scheduler/fill.go",
		old: "at >= floor; at = p.ready.below(at) {", new: "at >= 0; at = p.ready.below(at) {",
		tests: []suite{fillRules, naive},
	},
	{
		name: "what waits for a key that is ready doesn't fill its batch", file: "scheduler/fill.go",
		old: "l.ready.len+l.behind >= p.config.Batch.Max", new: "l.ready.len >= p.config.Batch.Max",
		tests: []suite{fillRules, naive},
	},
	{
		name: "a whole batch is recalled", file: "scheduler/step.go",
		old: "len(items) > 1 && !whole,", new: "len(items) > 1,",
		tests: []suite{fillRules, naive},
	},
	{
		name: "a slot is preempted for each message of a batch", file: "scheduler/preempt.go",
		old: "p.config.Batch.fill(p.levels[wanted].ready.len)", new: "p.levels[wanted].ready.len",
		tests: []suite{fillRules, naive},
	},
	{
		name: "each message of a batch takes as long as the batch", file: "scheduler/fill.go",
		old: "to.Sub(from) / time.Duration(max(n, 1))", new: "to.Sub(from)",
		tests: []suite{fillRules, naive},
	},
	{
		name: "what is handled in a batch behind a failed message of its key counts", file: "scheduler/fill.go",
		old: "\t\t\ti.Void = true\n", new: "\t\t\t_ = i.Void\n",
		tests: []suite{fillRules, collections},
	},
	{
		name: "the worker doesn't look at what failed in a batch", file: "actors/work.go",
		old: "if a.whole && len(a.failures) > 0 {", new: "if a.whole && len(a.failures) < 0 {",
		tests: []suite{collections},
	},
	{
		name: "time cuts a batch that its handler takes", file: "actors/work.go",
		old: "since > 2*a.slice && !a.collected() {", new: "since > 2*a.slice {",
		tests: []suite{collections},
	},
}
