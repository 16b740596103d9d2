package main

var workers = suite{"actors", []string{"TestFailures", "TestHighestFirst", "TestRecalledBatchGivesItsSlotBack",
	"TestRecordComesBeforeResult", "TestDrainFinishesWhatRunsAndReleasesTheRest"}}

var actorsMutants = []mutant{
	{
		name: "a handler's panic counts as done", file: "actors/work.go",
		old:   "a.report(i, boostd.Result{Outcome: boostd.Retry, Reason: reason})",
		new:   "a.report(i, boostd.Result{Outcome: boostd.Done, Reason: reason})",
		tests: []suite{workers},
	},
	{
		name: "what was recalled runs too", file: "actors/work.go",
		old: "\ta.end = from\n", new: "",
		tests: []suite{workers},
	},
	{
		name: "a message overtakes the failed one of its key", file: "actors/work.go",
		old: "if a.followsFailure(i) {", new: "if false && a.followsFailure(i) {",
		tests: []suite{workers, {"test/e2e", []string{"TestRetryHoldsItsKeyAlone", "TestOrder"}}},
	},
	{
		name: "a result counts before the audit has its line", file: "actors/slot.go",
		old:   "\t\tif err := s.record(a); err != nil {\n\t\t\ts.fail(err)\n\t\t}\n",
		new:   "\t\tdefer s.record(a)\n",
		tests: []suite{workers},
	},
}
