package main

var (
	coreOracle = suite{"scheduler", []string{"TestCoreAgainstOracle"}}
	coreRules  = suite{"scheduler", []string{"TestHigherFirstAndKeysInOrder", "TestKeyOutlivesItsAssignment",
		"TestStartWaitsForThoseThatWereThere", "TestRevokeFinishesWhatLiesBelow", "TestRevokeEndsAtItsDeadline",
		"TestRecallBeforeLowerLevels", "TestWindowOfBytes"}}
	gateRules = suite{"scheduler", []string{"TestGateTranscripts"}}
)

var schedulerMutants = []mutant{
	{
		name: "a lower level is dispatched first", file: "scheduler/levels.go",
		old:   "w := 63 - bits.LeadingZeros64(s.summary)\n\treturn boostd.Level(w<<6 + 63 - bits.LeadingZeros64(s.words[w]))",
		new:   "w := bits.TrailingZeros64(s.summary)\n\treturn boostd.Level(w<<6 + bits.TrailingZeros64(s.words[w]))",
		tests: []suite{coreRules, coreOracle},
	},
	{
		name: "the start doesn't wait for all levels", file: "scheduler/step.go",
		old:   "if missing > 0 && c.config.StartWait > 0 {",
		new:   "if missing < 0 && c.config.StartWait > 0 {",
		tests: []suite{coreRules, {"test/e2e", []string{"TestStartWait"}}},
	},
	{
		name: "a retry is forgotten", file: "scheduler/step.go",
		old: "\t\tc.retries.add(i)\n", new: "",
		tests: []suite{coreOracle, {"test/e2e", []string{"TestFaultsOfAService"}}},
	},
	{
		name: "a retry doesn't hold its key", file: "scheduler/order.go",
		old:   "func (l *lock) busy() bool { return l.running > 0 || l.backoff > 0 }",
		new:   "func (l *lock) busy() bool { return l.running > 0 }",
		tests: []suite{coreOracle, {"test/e2e", []string{"TestRetryHoldsItsKeyAlone"}}},
	},
	{
		name: "a key is free at a revocation while its old attempt runs", file: "scheduler/order.go",
		old:   "if l.busy() || len(l.ready) > 0 || l.waiting.len > 0 {",
		new:   "if len(l.ready) > 0 || l.waiting.len > 0 {",
		tests: []suite{coreRules, coreOracle},
	},
	{
		name: "a revoked partition is still dispatched", file: "scheduler/consumer.go",
		old: "return p.gone || p.closed && i.Message.Offset > p.reach", new: "return false",
		tests: []suite{coreRules, coreOracle},
	},
	{
		name: "a revocation is answered while messages are in flight", file: "scheduler/consumer.go",
		old: "if p.inFlight+p.queued > 0 {", new: "if p.queued > 0 {",
		tests: []suite{coreOracle, {"actors", []string{"TestRevokeDrainsThePartition"}}},
	},
	{
		name: "a recall loses a message", file: "scheduler/recall.go",
		old:   "c.unstarted(now, c.pools[id], items)",
		new:   "c.unstarted(now, c.pools[id], items[:max(len(items)-1, 0)])",
		tests: []suite{coreRules, coreOracle},
	},
	{
		name: "the core leaks a credit", file: "scheduler/step.go",
		old: "\tk.unsettled--\n", new: "",
		tests: []suite{coreRules, coreOracle},
	},
	{
		name: "the gate never resumes", file: "scheduler/gate.go",
		old:   "if stays, again := g.stays(in); stays {",
		new:   "if stays, again := g.stays(in); stays || again.IsZero() {",
		tests: []suite{gateRules, {"test/e2e", []string{"TestGate"}}},
	},
}
