package boostd

import "time"

// SourceStatus is a picture of a Source at one moment.
type SourceStatus struct {
	// Group is whom it shares its topics with, Topics what it reads.
	Group  string
	Topics []string
	// Turned is when its poll loop last came round, zero before the first time.
	// A loop that is alive comes round at least once a second, whatever brokers
	// and handlers do.
	Turned time.Time
	// Rebalances counts assignments, revocations and losses since the start.
	Rebalances uint64
	// Committed is when a commit last succeeded, zero for never. Uncommitted is
	// since when something that is done waits for its commit, zero for nothing.
	Committed, Uncommitted time.Time
	// Troubles are those that stand, by kind.
	Troubles []StandingTrouble
}

// StandingTrouble is a Trouble that isn't over.
type StandingTrouble struct {
	Kind  string
	Since time.Time
	Text  string
}
