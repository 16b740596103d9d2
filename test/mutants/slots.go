package main

// Bugs in slots that come and go, and in what else a reload changes of a handler.

var (
	slotRules = suite{"scheduler", []string{"TestMoreSlotsStartAtOnce", "TestFewerSlotsTakeBackWhatIsNotStarted", "TestSlotsComeAndGo", "TestRetryChanges"}}
	slots     = suite{"actors", []string{"TestMoreAndFewerSlots", "TestTimeoutAndRetryChange", "TestSlotsChangeUnderLoad"}}
	reloads   = suite{"daemon", []string{"TestReloadOfBoth"}}
)

var slotMutants = []mutant{
	{
		name: "free slots don't wait for those that are too many", file: "scheduler/slots.go",
		old: "return len(p.free) - p.surplus }", new: "return len(p.free) }",
		tests: []suite{slotRules, naive},
	},
	{
		name: "a slot that is too many goes on", file: "scheduler/slots.go",
		old: "if slot < p.config.Slots {", new: "if slot >= 0 {",
		tests: []suite{slotRules, naive},
	},
	{
		name: "a slot that ends keeps what it hasn't started", file: "scheduler/slots.go",
		old: "if p.batches.out[slot].open {", new: "if p.batches.out[slot].open && slot < 0 {",
		tests: []suite{slotRules, naive},
	},
	{
		name: "a slot that was about to end is opened a second time", file: "scheduler/slots.go",
		old: "\t\t\tp.surplus-- // it was about to end, and stays\n\t\t\tcontinue\n", new: "\t\t\tp.surplus--\n",
		tests: []suite{slotRules, naive},
	},
	{
		name: "another retry makes an attempt the last that wasn't", file: "scheduler/item.go",
		old: "!i.last:", new: "i.Message.Attempt < i.consumer.pool.config.Retry.Attempts:",
		tests: []suite{slotRules, naive},
	},
	{
		name: "another timeout counts for nobody", file: "actors/seats.go",
		old: "\t\tc.timeout = m.handlers[n].Timeout\n", new: "\t\t_ = n\n",
		tests: []suite{slots},
	},
	{
		name: "workers of slots that are no more stay", file: "actors/crew.go",
		old: "\tctx.Stop(pid)\n", new: "",
		tests: []suite{slots},
	},
	{
		name: "a boostd.yaml that needs a restart is taken as far as it goes", file: "daemon/ruling.go",
		old: "err := change.Err(); err != nil {", new: "err := change.Err(); err != nil && len(change.Reload) == 0 {",
		tests: []suite{reloads},
	},
	{
		name: "the document in force isn't held against another boostd.yaml", file: "daemon/ruling.go",
		old: "if next.otherFile(old) && !next.otherDocument(old) {", new: "if next.otherFile(old) && false {",
		tests: []suite{reloads},
	},
}
