package main

// Bugs in what changes while it runs: levels and consumers.

var (
	levelRules = suite{"scheduler", []string{"TestFewerLevels", "TestMoreLevels", "TestPolicyThatStaysKeepsItsCredits",
		"TestPauseOutlivesItsLevel", "TestConsumersOfALevelThatIsNoMore"}}
	memberRules = suite{"scheduler", []string{"TestLeave", "TestRemovedWhileItsMessagesRun", "TestSetConsumer", "TestGroupForgetsItsLevel",
		"TestNothingGrowsWithComingAndGoing"}}
	members = suite{"actors", []string{"TestRemove", "TestMoreLevelsWhileItRuns", "TestStopWhileAConsumerIsRemoved"}}
)

var memberMutants = []mutant{
	{
		name: "a message has a level that is no more", file: "scheduler/core.go",
		old:   "boostd.Level(k.pool.config.Levels-1)",
		new:   "boostd.Level(len(k.pool.levels)-1)",
		tests: []suite{levelRules, naive},
	},
	{
		name: "a new level believes its first result", file: "scheduler/reconfigure.go",
		old: "\tp.warm(had)\n", new: "",
		tests: []suite{levelRules, naive},
	},
	{
		name: "another number of levels begins the shares anew", file: "scheduler/reconfigure.go",
		old:   "!change.Policy.equal(p.config.Policy)",
		new:   "len(p.levels) > 0",
		tests: []suite{levelRules, naive},
	},
	{
		name: "what waits in the brokers stays with the old level", file: "scheduler/members.go",
		old:   "\tk.backlog(-1)\n\tk.config.Level = level\n",
		new:   "\tk.config.Level = level\n",
		tests: []suite{levelRules, naive},
	},
	{
		name: "a consumer that is given up goes on with new partitions", file: "scheduler/core.go",
		old:   "c.draining || k.leaving",
		new:   "c.draining",
		tests: []suite{memberRules, naive},
	},
	{
		name: "a consumer has left while a message of it runs", file: "scheduler/step.go",
		old:   "!k.left && k.unsettled == 0",
		new:   "!k.left",
		tests: []suite{memberRules, naive},
	},
	{
		name: "a message of a consumer that is gone becomes a dead letter", file: "scheduler/step.go",
		old:   "boostd.Released, i.consumer.gone:",
		new:   "boostd.Released:",
		tests: []suite{memberRules, naive},
	},
	{
		name: "a consumer that is gone is told what became of its messages", file: "scheduler/members.go",
		old:   "k.gone, k.left, k.revoking = true,",
		new:   "k.gone, k.left, k.revoking = false,",
		tests: []suite{memberRules, naive},
	},
	{
		name: "each topic that there ever was is remembered", file: "scheduler/members.go",
		old:   "\t\t\t\tdelete(topics, name)\n",
		new:   "\t\t\t\t_ = name\n",
		tests: []suite{memberRules},
	},
	{
		name: "a source is stopped before what runs of it is done", file: "actors/members.go",
		old: "\t\te.giveUp(ctx, m)\n", new: "",
		tests: []suite{members},
	},
	{
		name: "slots don't know of new levels", file: "actors/seats.go",
		old:   "\t\tc.turns.grow(m.levels)\n",
		new:   "\t\t_ = c\n",
		tests: []suite{members},
	},
}
