package main

var (
	sourceRules = suite{"kafkaio", []string{"TestSourceCommitsWhatIsSettled", "TestSourceRepeatsWhatIsNotSettled",
		"TestSourceKeepsToItsWindow", "TestPausedSourceDeliversNothingAndResumes"}}
	membership = suite{"kafkaio", []string{"TestSourceKeepsItsMembershipWhileItsWindowIsFull",
		"TestTwoMembersShareWithoutLossOrRepeat"}}
)

var kafkaMutants = []mutant{
	{
		name: "the source leaks a credit", file: "kafkaio/source.go",
		old: "\t\ts.unsettled--\n", new: "",
		tests: []suite{sourceRules},
	},
	{
		name: "the window is ignored", file: "kafkaio/source.go",
		old:   "s.o.Window.Messages-s.unsettled, s.o.Window.Bytes-s.bytes",
		new:   "s.o.Window.Messages, s.o.Window.Bytes",
		tests: []suite{sourceRules},
	},
	{
		name: "a full window ends the polls", file: "kafkaio/poll.go",
		old: "s.poll.over += s.fetch(1, 1, 0)", new: "s.poll.over += 0",
		tests: []suite{membership},
	},
	{
		name: "a static member leaves its group at a stop", file: "kafkaio/source.go",
		old: `if s.o.Member == "" {`, new: "if true {",
		tests: []suite{{"test/e2e", []string{"TestIdleStaticMember"}}},
	},
}
