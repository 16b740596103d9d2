package actors

import (
	"context"

	"github.com/kafkaboost/boostd"
)

// Source is where a consumer actor's messages come from and where their
// results go. It promises neither contiguous offsets, nor that settled means
// committed, nor that a message is seen once.
//
// All methods are safe from any goroutine and, but for Stop, never block on
// the network.
type Source interface {
	// Start begins to read. Events are the root package's Assigned, Revoking,
	// Lost, Batch, CaughtUp, Backlog, Trouble and Stopped, by pointer, in order,
	// from one goroutine of the Source; emit never blocks. Called once.
	Start(emit func(event any)) error
	// Settle ends the messages. A Source emits only while fewer messages and
	// bytes than its window are unsettled.
	Settle(settled []boostd.Settlement)
	// Drained answers Revoking: nothing of these partitions is in flight.
	Drained(partitions []boostd.TopicPartition)
	// SetPaused stops fetching or goes on with it, also for partitions that are
	// assigned later. One message may still come after a pause.
	SetPaused(paused bool)
	// Status is a picture of now.
	Status() boostd.SourceStatus
	// Stop commits what is settled, leaves, and emits Stopped. It returns when
	// that has happened or ctx has ended, whichever is first; then the Source
	// abandons what hangs and says so in its error.
	Stop(ctx context.Context) error
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
