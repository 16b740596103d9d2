package actors

import (
	"context"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// Source is where a consumer actor's messages come from and where their
// results go. It promises neither contiguous offsets, nor that settled means
// committed, nor that a message is seen once.
//
// All methods are safe from any goroutine and, but for Stop, never block on
// the network.
type Source interface {
	// Start begins to read. Events are the root package's Assigned, Revoking,
	// Lost, Batch, Unheld, CaughtUp, Backlog, Trouble and Stopped, by pointer, in
	// order, from one goroutine of the Source; emit never blocks. Called once.
	Start(emit func(event any)) error
	// Settle ends the messages, or notes their failed attempts. A Source emits only
	// while fewer messages and bytes than its window are unsettled; those that have
	// failed count in a second window of the same size, as long as it isn't full.
	Settle(settled []boostd.Settlement)
	// Drained answers Revoking: nothing of these partitions is in flight.
	Drained(partitions []boostd.TopicPartition)
	// SetPaused stops fetching or goes on with it, also for partitions that are
	// assigned later. One message may still come after a pause.
	SetPaused(paused bool)
	// Retry reads a held message anew and emits Unheld and the message; Skip takes
	// it for done and emits Unheld. Retry asks the brokers, for no longer than ctx.
	// The error is boostd.ErrNotHeld where this Source holds no such message.
	Retry(ctx context.Context, tp boostd.TopicPartition, offset int64) error
	Skip(tp boostd.TopicPartition, offset int64) error
	// Status is a picture of now.
	Status() boostd.SourceStatus
	// Stop commits what is settled, leaves, and emits Stopped. It returns when
	// that has happened or ctx has ended, whichever is first; then the Source
	// abandons what hangs and says so in its error.
	Stop(ctx context.Context) error
}

// DeadLetters is where messages go that can't be handled.
type DeadLetters interface {
	// Bury writes a dead letter and calls done once, from any goroutine: with nil
	// when the brokers have acknowledged it, or with why it can't be written, now
	// or later. It never blocks. The item's message may be read until then.
	Bury(b scheduler.Burial, done func(error))
}

// Handler does the work. One value serves all slots of its pool, so Handle is
// called from as many goroutines at once as there are slots.
type Handler interface {
	// Handle takes messages from work until there are no more and reports each.
	// ctx ends when a message that was taken overruns its timeout, or when the
	// daemon stops and waits no longer. A panic fails the messages that were
	// taken and not reported.
	Handle(ctx context.Context, work boostd.Work)
}
