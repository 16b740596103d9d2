package boostd

import "time"

// What a Source emits. But for Trouble and Stopped, which may come from any of
// its goroutines, it does so from one goroutine, in the order in which things
// happen; Stopped is the last.

// Assigned says that the partitions are now this instance's to read. An
// assignment may be empty: other instances have them all.
type Assigned struct{ Partitions []TopicPartition }

// Revoking says that the partitions are about to go to another instance. The
// receiver dispatches nothing more of them, settles what is queued as
// Released, and calls the Source's Drained once nothing of them is in flight;
// the Source waits for that until Deadline. Results that come later are
// ignored by the Source.
type Revoking struct {
	Partitions []TopicPartition
	Deadline   time.Time
}

// Lost says that the partitions are gone already: nothing of them may start,
// nothing of them will be committed.
type Lost struct{ Partitions []TopicPartition }

// Unheld says that a held message is no longer: a person has skipped it, or it
// follows in a Batch.
type Unheld struct {
	TopicPartition
	Offset int64
}

// Batch is a run of messages in the order in which they were fetched. The
// receiver owns it.
type Batch struct {
	Messages []Message
	// Reuse takes the slice back, once, from whoever has copied the messages and keeps
	// nothing of the slice; then it needn't be allocated anew. May be nil, and needn't be
	// called.
	Reuse func([]Message)
}

// CaughtUp says that the Source has seen something of all it was assigned: of
// every partition it has fetched a message or reached the end, or its window is
// full. Sent once, after the first assignment.
type CaughtUp struct{}

// Backlog is how many messages wait in the brokers, not yet fetched. It is an
// upper bound: gaps in the offsets count.
type Backlog struct{ Messages int64 }

// Trouble is something that a person should know and that the Source goes on
// after: a broker that can't be reached, offsets that were reset, a commit
// that failed. Err has the newest text; nil says that it is over.
type Trouble struct {
	// Kind is a stable name: "connection", "commit", "offsets_reset", …
	Kind string
	Err  error
}

// Stopped is a Source's last word. Err is nil after a requested stop that
// ended cleanly, otherwise what ended it.
type Stopped struct{ Err error }
