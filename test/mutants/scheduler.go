package main

var (
	coreOracle = suite{"scheduler", []string{"TestCoreAgainstOracle"}}
	coreRules  = suite{"scheduler", []string{"TestHigherFirstAndKeysInOrder", "TestKeyOutlivesItsAssignment",
		"TestStartWaitsForThoseThatWereThere", "TestRevokeWaitsForWhatRuns", "TestDrainWaitsForWhatRuns",
		"TestRecallBeforeLowerLevels", "TestWindowOfBytes"}}
	failureRules = suite{"scheduler", []string{"TestRefusedDeadLetterIsHeld", "TestBurialsAreWaitedFor", "TestAttemptsHoldAcrossRestarts",
		"TestInterruptedAttemptsDoNotCount", "TestFailuresAreTold", "TestDeadLetterReleasesItsKey"}}
	gateRules = suite{"scheduler", []string{"TestGateTranscripts"}}
	heldRules = suite{"test/e2e", []string{"TestHeldMessages"}}
)

var schedulerMutants = []mutant{
	{
		name: "a lower level is dispatched first", file: "scheduler/levels.go",
		old:   "return boostd.Level(w<<6 + 63 - bits.LeadingZeros64(s.words[w]))",
		new:   "return boostd.Level(w<<6 + bits.TrailingZeros64(s.words[w]))",
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
		name: "a revoked partition is still dispatched", file: "scheduler/step.go",
		old:   "closed := func(i *Item) bool { return i.partition.closed }",
		new:   "closed := func(i *Item) bool { return i.partition.closed && k.last != nil }",
		tests: []suite{coreRules, coreOracle},
	},
	{
		name: "a revocation is answered while messages are in flight", file: "scheduler/consumer.go",
		old: "if p.inFlight+p.burying > 0 {", new: "if p.burying > 0 {",
		tests: []suite{coreRules, coreOracle, {"actors", []string{"TestRevokeDrainsThePartition"}}},
	},
	{
		name: "a revocation is answered while a dead letter is on its way", file: "scheduler/consumer.go",
		old: "if p.inFlight+p.burying > 0 {", new: "if p.inFlight > 0 {",
		tests: []suite{failureRules, coreOracle},
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
	{
		name: "a failed attempt is not told", file: "scheduler/step.go",
		old:   "k.settled = append(k.settled, boostd.Settlement{Message: i.Message, Outcome: boostd.Retry, Attempts: i.Message.Attempt, Again: i.failed})",
		new:   "",
		tests: []suite{failureRules, coreOracle},
	},
	{
		name: "a refused dead letter counts as written", file: "scheduler/burial.go",
		old: `case refused == "":`, new: `case refused != "never":`,
		tests: []suite{failureRules, {"test/e2e", []string{"TestDeadLetterWithoutATopic"}}},
	},
	{
		name: "a message is dead before its letter is written", file: "scheduler/burial.go",
		old:   "\tc.effects.Burials = append(c.effects.Burials, Burial{",
		new:   "\tc.settle(i, boostd.Dead)\n\tc.effects.Burials = append(c.effects.Burials, Burial{",
		tests: []suite{failureRules, coreOracle},
	},
	{
		name: "a held message counts as done", file: "scheduler/held.go",
		old: "c.settle(i, boostd.Held)", new: "c.settle(i, boostd.Done)",
		tests: []suite{failureRules, coreOracle, heldRules},
	},
	{
		name: "a message that was held before a restart is handled again", file: "scheduler/core.go",
		old:   "if m.Held || m.Attempt >= k.pool.config.Retry.Attempts {",
		new:   "if m.Attempt >= k.pool.config.Retry.Attempts {",
		tests: []suite{failureRules, coreOracle, heldRules},
	},
	{
		name: "an attempt that a stop cancelled counts", file: "scheduler/step.go",
		old:   "\tcase i.Verdict() == boostd.Released, i.consumer.gone: // nobody notes what becomes of it\n\t\tc.unlock(now, p, i)\n\t\tc.settle(i, boostd.Released)\n",
		new:   "\tcase i.Verdict() == boostd.Released, i.consumer.gone: // nobody notes what becomes of it\n\t\tc.tellFailure(i)\n\t\tc.unlock(now, p, i)\n\t\tc.settle(i, boostd.Released)\n",
		tests: []suite{failureRules, coreOracle},
	},
}
