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
	// Client is what the client under the Source tells of itself.
	Client ClientStats
}

// ClientStats are a client's own figures, told every 15 seconds.
type ClientStats struct {
	// At is when they were told, zero for never; the rest is then zero too.
	At time.Time
	// RoundTrip is how long brokers took to answer, the mean of the newest window;
	// zero when nothing was asked. A fetch that waits for messages counts as well.
	RoundTrip time.Duration
	// Brokers are those of the cluster that the client knows, Connected those that
	// it has a connection to.
	Brokers, Connected int
	// Received is the size of all messages fetched since the start, in bytes.
	Received int64
	// Queued are the messages that are fetched and not taken yet, QueuedBytes their
	// size.
	Queued, QueuedBytes int64
}

// StandingTrouble is a Trouble that isn't over.
type StandingTrouble struct {
	Kind  string
	Since time.Time
	Text  string
}
