package main

// Bugs in what policies do: reserve, max_wait, min_share, exclusive, preemption, turns
// and pauses by hand.

var (
	naive       = suite{"scheduler", []string{"TestCoreAgainstNaive"}}
	policyRules = suite{"scheduler", []string{"TestReservedSlotsStayFree", "TestExclusiveWaitsForAllThatIsAbove", "TestOverdueGoesFirst",
		"TestOverdueKeepsTheOrderOfAFetch", "TestMinShareIsExactOverAnyWindow", "TestPreemptTakesTheLowestThatBeganLast",
		"TestTopicsTakeTurns", "TestTenantsTakeTurns"}}
	groupRules = suite{"scheduler", []string{"TestGroupWorkHoldsLowerLevelsBack"}}
	slowRules  = suite{"scheduler", []string{"TestWhatLiesBehindASlowMessageIsTakenBack", "TestLowerLevelsWaitForAShortBatch"}}
	pauseRules = suite{"scheduler", []string{"TestPausedLevelDoesNotStart", "TestPauseTakesBackWhatHasNotStarted", "TestPauseEndsByItself"}}
)

var policyMutants = []mutant{
	{
		name: "a reserve is one slot too small", file: "scheduler/choose.go",
		old:   "if p.below[n] >= p.config.Slots-r.Slots {",
		new:   "if p.below[n] > p.config.Slots-r.Slots {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a new policy forgets which slots are busy", file: "scheduler/choose.go",
		old:   "if p.isBusy[slot] {",
		new:   "if p.isBusy[slot] && slot < 0 {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "what is overdue takes a reserved slot", file: "scheduler/overdue.go",
		old:   "i != nil && i.Message.Level >= floor && (first == nil",
		new:   "i != nil && (first == nil",
		tests: []suite{policyRules, naive},
	},
	{
		name: "what is overdue is hidden by older messages below the reserve", file: "scheduler/overdue.go",
		old:   "if i.Message.Level >= r.From {",
		new:   "if i.Message.Level >= r.From && p.config.Slots < 1 {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "overdue counts from the last dispatch", file: "scheduler/overdue.go",
		old:   "now.Sub(first.Message.FetchedAt) < p",
		new:   "now.Sub(later(first.Message.FetchedAt, first.DispatchedAt)) < p",
		tests: []suite{policyRules, naive},
	},
	{
		name: "what is overdue and of one fetch comes in any order", file: "scheduler/overdue.go",
		old:   "\tcase x.Offset != y.Offset:\n\t\treturn x.Offset < y.Offset\n",
		new:   "",
		tests: []suite{policyRules, naive},
	},
	{
		name: "what became ready late isn't looked at while others wait", file: "scheduler/overdue.go",
		old:   "if len(a.late) > 0 && (a.oldest == nil || earlier(a.late[0], a.oldest)) {",
		new:   "if len(a.late) > 0 && a.oldest == nil {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "what became ready late goes to the end of the line", file: "scheduler/overdue.go",
		old:   "if a.newest != nil && earlier(i, a.newest) {",
		new:   "if a.newest != nil && len(a.late) > 0 {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a share takes a reserved slot", file: "scheduler/share.go",
		old:   "a.credit > most && a.Level >= floor && ready",
		new:   "a.credit > most && ready",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a share is never in debt", file: "scheduler/share.go",
		old:   "max(a.credit-100*messages, -100*messages)",
		new:   "max(a.credit-100*messages, 0)",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a share saves up while it has nothing ready", file: "scheduler/share.go",
		old:   "\t\tif !a.competes {\n\t\t\ta.credit = min(a.credit, 0)\n\t\t}\n",
		new:   "",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a share pays for what was handed back", file: "scheduler/step.go",
		old:   "\tp.shares.handedBack(i.Message.Level)\n",
		new:   "",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a batch with a grant is handed back for a higher level", file: "scheduler/choose.go",
		old:   "if c.grant != noGrant {",
		new:   "if c.grant > shared {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a batch with a grant is preempted", file: "scheduler/preempt.go",
		old:   "p.preempt.asked[n] || b.rank >= wanted",
		new:   "p.preempt.asked[n] || b.level >= wanted",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a batch is preempted as soon as it is out", file: "scheduler/preempt.go",
		old:   "if due := b.at.Add(p.config.Slice); now",
		new:   "if due := b.at; now",
		tests: []suite{policyRules, naive},
	},
	{
		name: "more slots are preempted than messages wait", file: "scheduler/preempt.go",
		old:   "for p.preempt.count < p.config.Batch.fill(p.levels[wanted].ready.len) {",
		new:   "for p.preempt.count <= p.config.Batch.fill(p.levels[wanted].ready.len) {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a preempted attempt counts", file: "scheduler/step.go",
		old:   "\ti.Message.Attempt--\n",
		new:   "\tif !i.Preempted {\n\t\ti.Message.Attempt--\n\t}\n",
		tests: []suite{policyRules, naive},
	},
	{
		name: "nothing is recalled before a lower level starts", file: "scheduler/recall.go",
		old:   "if above <= at || above < next.floor || next.grant != noGrant {",
		new:   "if above <= at || above < next.floor || next.grant == noGrant {",
		tests: []suite{coreRules, naive},
	},
	{
		name: "what lies behind a slow message is noticed by chance", file: "scheduler/step.go",
		old:   "\tc.effects.Wake = sooner(c.effects.Wake, p.batches.late) // of the new ones too\n",
		new:   "",
		tests: []suite{slowRules, naive},
	},
	{
		name: "exclusive forgets what waits in the brokers", file: "scheduler/choose.go",
		old:   "l.inFlight+l.broker > 0",
		new:   "l.inFlight > 0",
		tests: []suite{policyRules, naive},
	},
	{
		name: "exclusive waits for retries", file: "scheduler/choose.go",
		old:   "l.queued-l.backoff+l.inFlight",
		new:   "l.queued+l.inFlight",
		tests: []suite{policyRules, naive},
	},
	{
		name: "exclusive lets lower batches go on", file: "scheduler/core.go",
		old:   "if above := p.above(); above > 0 {",
		new:   "if above := p.above(); above < 0 {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a free slot that is reserved hides that a slot is wanted", file: "scheduler/core.go",
		old:   "if p.usable() > 0 && highest >= floor {",
		new:   "if p.usable() > 0 && highest >= min(floor, 0) {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a level that is paused by hand is dispatched", file: "scheduler/pool.go",
		old:   "\tif !p.halted.has(i.Message.Level) {\n\t\tp.ready.add",
		new:   "\tif i.Message != nil {\n\t\tp.ready.add",
		tests: []suite{pauseRules, naive},
	},
	{
		name: "a level that goes on forgets what waits for a key", file: "scheduler/pause.go",
		old:   "\t\tp.promote(p.locks.byID[id], now)\n",
		new:   "\t\t_ = id\n",
		tests: []suite{pauseRules, naive},
	},
	{
		name: "a topic keeps its turn", file: "scheduler/ready.go",
		old:   "topic.current, q.root.current = f.next, topic.next",
		new:   "topic.current = f.next",
		tests: []suite{policyRules, naive},
	},
	{
		name: "a message that comes back has lost its turn", file: "scheduler/ready.go",
		old:   "if front && !i.DispatchedAt.IsZero() {",
		new:   "if front && i.DispatchedAt.IsZero() {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "tenants are remembered for ever", file: "scheduler/ready.go",
		old:   "if f.tenant != 0 {",
		new:   "if f.tenant != 0 && f.items.len > 0 {",
		tests: []suite{policyRules, naive},
	},
	{
		name: "failed messages have as much room as they like", file: "scheduler/consumer.go",
		old:   "return c.unsettled - min(c.failed, w.Messages)",
		new:   "return c.unsettled - max(c.failed, 0)",
		tests: []suite{gateRules, naive},
	},
	{
		name: "the gate doesn't look at who was touched", file: "scheduler/sweep.go",
		old:   "\t\tfor _, k := range c.touched {\n\t\t\tg.wake = sooner(g.wake, c.gateOne(now, k))\n\t\t}\n",
		new:   "",
		tests: []suite{gateRules, naive},
	},
	{
		name: "what the whole group has to do stops nobody", file: "scheduler/choose.go",
		old:   "return p.groupFloor",
		new:   "return min(p.groupFloor, 0)",
		tests: []suite{groupRules, naive},
	},
	{
		name: "an instance that hangs stops the whole group", file: "scheduler/group.go",
		old:   "g.work.Outstanding > 0 && !g.stalled(now) && !p",
		new:   "g.work.Outstanding > 0 && !p",
		tests: []suite{groupRules, naive},
	},
	{
		name: "more work for the group counts as progress", file: "scheduler/group.go",
		old:   "work.Done != g.work.Done || g",
		new:   "work != g.work || g",
		tests: []suite{groupRules, naive},
	},
}
