package main

var (
	sourceRules = suite{"kafkaio", []string{"TestSourceCommitsWhatIsSettled", "TestSourceRepeatsWhatIsNotSettled",
		"TestSourceKeepsToItsWindow", "TestPausedSourceDeliversNothingAndResumes"}}
	membership = suite{"kafkaio", []string{"TestSourceKeepsItsMembershipWhileItsWindowIsFull"}}
	givingAway = suite{"kafkaio", []string{"TestRevocationWaitsAndCommits"}}
	tooLate    = suite{"kafkaio", []string{"TestResultsOfAPartitionThatHasGone"}}
	fullOne    = suite{"kafkaio", []string{"TestPartitionThatIsFull"}}
	comeAgain  = suite{"kafkaio", []string{"TestWhatComesAgain"}}
	joining    = suite{"test/e2e", []string{"TestSecondDaemonJoinsAndLeaves", "TestStuckHandlerInARebalance"}}
	restarting = suite{"test/e2e", []string{"TestWhatIsDoneBehindAFailureIsRemembered"}}
)

var kafkaMutants = []mutant{
	{
		name: "the source leaks a credit", file: "kafkaio/window.go",
		old: "\ts.unsettled.add(-1, -size)\n", new: "",
		tests: []suite{sourceRules},
	},
	{
		name: "the window is ignored", file: "kafkaio/window.go",
		old:   "return w.Messages - s.unsettled.messages + min(s.failed.messages, w.Messages),\n\t\tw.Bytes - s.unsettled.bytes + min(s.failed.bytes, w.Bytes)",
		new:   "return w.Messages, w.Bytes",
		tests: []suite{sourceRules},
	},
	{
		name: "what is released counts as done", file: "kafkaio/window.go",
		old: "case boostd.Done, boostd.Dead:", new: "case boostd.Done, boostd.Dead, boostd.Released:",
		tests: []suite{comeAgain, joining},
	},
	{
		name: "the source takes a held message for done", file: "kafkaio/window.go",
		old:   "told = s.tracker.Held(m.TopicPartition(), m.Epoch, m.Offset, one.Attempts)",
		new:   "told = s.tracker.Done(m.TopicPartition(), m.Epoch, m.Offset)",
		tests: []suite{comeAgain, heldRules},
	},
	{
		name: "a full window ends the polls", file: "kafkaio/poll.go",
		old: "s.poll.over += s.fetch(1, 1, 0)", new: "s.poll.over += 0",
		tests: []suite{membership},
	},
	{
		name: "what a map tells to be done is handled again", file: "kafkaio/intake.go",
		old: "if d.Verdict != offsets.Fresh {", new: "if d.Verdict == offsets.Refused {",
		tests: []suite{comeAgain, restarting},
	},
	{
		name: "a read of many is bounded by their number alone", file: "kafkaio/batchread.go",
		old: "b->count < most_messages && bytes > 0", new: "b->count < most_messages",
		tests: []suite{sourceRules},
	},
	{
		name: "a read of many takes more than a partition may hold", file: "kafkaio/poll.go",
		old: "max(s.poll.spare, 1)", new: "max(s.poll.spare, maxBatch)",
		tests: []suite{fullOne},
	},
	{
		name: "an event that was read is not given back", file: "kafkaio/batchread.go",
		old: "\tif (b->other)\n\t\trd_kafka_event_destroy(b->other);\n", new: "",
		tests: []suite{{"kafkaio", []string{"TestReadingKeepsNoMemory"}}},
	},
	{
		name: "a commit carries no map", file: "kafkaio/commit.go",
		old: `if todo[n].Metadata != "" {`, new: `if len(todo[n].Metadata) < 0 {`,
		tests: []suite{comeAgain, restarting},
	},
	{
		name: "commits go on after a revocation", file: "kafkaio/rebalance.go",
		old:   "\ts.raise(tps)\n\tfor _, tp := range tps {\n\t\tdelete(s.poll.reading, tp)",
		new:   "\tfor _, tp := range tps {\n\t\tdelete(s.poll.reading, tp)",
		tests: []suite{tooLate, joining},
	},
	{
		name: "a revocation doesn't wait for what is in flight", file: "kafkaio/rebalance.go",
		old: "\t\ts.drain(tps)\n", new: "",
		tests: []suite{givingAway, joining},
	},
	{
		name: "a revocation doesn't commit", file: "kafkaio/rebalance.go",
		old:   "\tif err := s.commitFirmly(context.Background()); err != nil {",
		new:   "\tif err := context.Background().Err(); err != nil {",
		tests: []suite{givingAway, joining},
	},
	{
		name: "a static member leaves its group at a stop", file: "kafkaio/close.go",
		old: `if s.o.Member == "" {`, new: "if true {",
		tests: []suite{{"test/e2e", []string{"TestIdleStaticMember"}}},
	},
	{
		name: "a producer has several requests under way", file: "kafkaio/config.go",
		old: `"max.in.flight": "1"`, new: `"max.in.flight": "5"`,
		tests: []suite{{"kafkaio", []string{"TestNothingIsLostToANewLeader"}}},
	},
	{
		name: "what has no offset counts as written", file: "kafkaio/producer.go",
		old: "at.Error == nil && at.Offset < 0", new: "at.Error == nil && at.Offset < -9999",
		tests: []suite{{"kafkaio", []string{"TestARecordWithoutAnOffset"}}},
	},
	{
		name: "nobody waits for a dead letter's acknowledgement", file: "daemon/deadletters.go",
		old:   "func(_ int32, _ int64, err error) { g.answered(one, err) }))\n\t\t}\n\t\tswitch {\n\t\tcase err == nil:\n",
		new:   "func(int32, int64, error) {}))\n\t\t}\n\t\tswitch {\n\t\tcase err == nil:\n\t\t\tone.done(nil)\n",
		tests: []suite{{"test/e2e", []string{"TestDeadLetterWithoutATopic"}}},
	},
}
