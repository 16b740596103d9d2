package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// Item is one message's place in the scheduler.
//
// Ownership goes with dispatch: from Dispatch until Finished the worker owns
// the item and writes StartedAt, FinishedAt and Result; at all other times the
// core does.
type Item struct {
	Message *boostd.Message // its own copy

	// ReadyAt is when this attempt became dispatchable: fetched, backoff over,
	// or key free. Zero on dispatch when it waits for an earlier message of its
	// own batch; the worker then sets it as it starts the item.
	ReadyAt      time.Time
	DispatchedAt time.Time
	// StartedAt stays zero when the worker hands the item back unstarted.
	StartedAt  time.Time
	FinishedAt time.Time
	Result     boostd.Result
	// Interrupted: the daemon's stop cancelled the attempt. Unless it is done, it
	// doesn't count.
	Interrupted bool
	// Preempted: a Preempt cancelled the attempt. Unless it is done, the message
	// goes back to its place, and the attempt doesn't count.
	Preempted bool
	// Void: the handler gave the message back, or an earlier one of its key, in the
	// same whole batch, is to come again. So does this one, whatever its result; the
	// attempt doesn't count. See the func Void.
	Void bool

	message   boostd.Message
	consumer  *consumer
	partition *partition
	lock      *lock // nil: no order to keep
	flow      *turn // whose turn it waits for when it is ready
	prev      *Item // in its list
	next      *Item
	aged      int   // its place in its pool's ages: lined, or from 1 in the heap; 0: not there
	older     *Item // in line, by the time of their fetch
	newer     *Item
	size      int
	grant     grant // why its batch went before higher levels
	last      bool  // no attempt follows the present one, whatever Reconfigure says meanwhile
	// failed: an attempt has, in this process, and its Source knows it.
	failed      bool
	firstFailed time.Time
}

// Follows reports whether the two items share a key (or partition, as their
// order asks), so that one must not run when the other, earlier one failed.
func (i *Item) Follows(earlier *Item) bool {
	return i.lock != nil && i.lock == earlier.lock
}

// unsettled reports whether the message has its place still before it: it wasn't
// started, or gave its slot back.
func (i *Item) unsettled() bool {
	return i.StartedAt.IsZero() || i.Void || i.Preempted && i.Result.Outcome != boostd.Done
}

// Verdict is what the attempt's result comes to: done, another attempt, a dead
// letter, held for a person, or none that counts. The audit and the core share it.
func (i *Item) Verdict() boostd.Outcome {
	switch {
	case i.Void:
		return boostd.Released
	case i.Result.Outcome == boostd.Done:
		return boostd.Done
	case i.Interrupted || i.Preempted:
		return boostd.Released
	case i.Result.Outcome == boostd.Retry && !i.last:
		return boostd.Retry
	case i.consumer.pool.config.DeadLetters:
		return boostd.Dead
	}
	return boostd.Held
}
