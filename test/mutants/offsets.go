package main

var (
	trackerOracle = suite{"offsets", []string{"TestTrackerAgainstOracle"}}
	trackerRules  = suite{"offsets", []string{"TestTranscript", "TestCommitOfAnOldEpoch", "TestOneHeldMessageCostsNothingButItself"}}
	mapRules      = suite{"offsets", []string{"TestMapsThatAreNone", "TestMapReadsWhatItWrote", "TestMapNeverOutgrowsItsLimit",
		"TestOtherPeoplesMetadataStays"}}
)

var offsetsMutants = []mutant{
	{
		name: "an offset is committed one too early", file: "offsets/partition.go",
		old: "return p.entries[p.head].Offset", new: "return p.entries[p.head].Offset + 1",
		tests: []suite{trackerRules, trackerOracle},
	},
	{
		name: "the fence of epochs is dropped", file: "offsets/tracker.go",
		old:   "return p != nil && p.epoch == epoch && p.done(offset)",
		new:   "return p != nil && p.done(offset)",
		tests: []suite{trackerRules, trackerOracle},
	},
	{
		name: "a commit of an old epoch counts", file: "offsets/commit.go",
		old:   "if p == nil || p.epoch != c.Epoch || c.Offset < p.committed {",
		new:   "if p == nil || c.Offset < p.committed {",
		tests: []suite{trackerRules, trackerOracle},
	},
	{
		name: "a map counts for another offset than its own", file: "offsets/tracker.go",
		old: "case m.Base != committed:", new: "case m.Base < committed:",
		tests: []suite{trackerRules, mapRules, trackerOracle},
	},
	{
		name: "a map counts for a topic that was made anew", file: "offsets/tracker.go",
		old: "case m.Topic != topic:", new: "case m.Topic != topic && committed < 0:",
		tests: []suite{trackerRules, mapRules, trackerOracle, {"test/e2e", []string{"TestTopicMadeAnew"}}},
	},
	{
		name: "a stale map counts for a log that was cut off and written anew", file: "offsets/restored.go",
		old:   "if offset >= r.end || leaderEpoch > r.leaderEpoch {",
		new:   "if offset >= r.end {",
		tests: []suite{trackerRules, mapRules, trackerOracle},
	},
	{
		name: "a map forgets what an earlier one told and didn't come yet", file: "offsets/partition.go",
		old: "\tm.Pending = append(m.Pending, p.restored.rest...)\n", new: "",
		tests: []suite{trackerRules, trackerOracle},
	},
	{
		name: "a map loses the attempts", file: "offsets/partition.go",
		old:   "e.Attempts, e.Held = uint8(min(max(attempts, 0), 255)), held",
		new:   "e.Held = held",
		tests: []suite{trackerRules, trackerOracle},
	},
	{
		name: "a map loses the marks of held messages", file: "offsets/partition.go",
		old:   "e.Attempts, e.Held = uint8(min(max(attempts, 0), 255)), held",
		new:   "e.Attempts, e.Held = uint8(min(max(attempts, 0), 255)), false && held",
		tests: []suite{trackerRules, trackerOracle},
	},
	{
		name: "a map that doesn't fit slows nothing", file: "offsets/commit.go",
		old:   "return t.limits.Metadata > 0 && p.topic != TopicID{} && n*p.mapBits(t.open.count(tp)) >= of*budget(t.limits.Metadata)",
		new:   "return t.limits.Metadata > 0 && p.topic != TopicID{} && false",
		tests: []suite{mapRules, trackerOracle},
	},
}
