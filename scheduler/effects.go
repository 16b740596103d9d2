package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// PoolID and ConsumerID are what AddPool and AddConsumer return. They are never
// used again.
type (
	PoolID     int
	ConsumerID int
)

// Effects is what a call of the core asks for. It is valid until the next call;
// what its fields point to belongs to the receiver.
type Effects struct {
	Dispatches []Dispatch
	Recalls    []Recall
	Preempts   []Preempt
	// Opened are the slots that there are from now on, the Dispatches' among them;
	// Closed those that there aren't any more, and that have nothing.
	Opened, Closed []SlotID
	Settled        []Settled
	Flows          []FlowChange
	Drained        []Drained
	// Left are the consumers of Leave of which nothing is here any more.
	Left    []ConsumerID
	Burials []Burial
	// Held are the messages that were given up in this step.
	Held []HeldMessage
	// Expired are the pauses by hand that ended by themselves.
	Expired []Pause
	// Without are the consumers that the start no longer waits for; Started is
	// true in the one step in which dispatching begins.
	Without []ConsumerID
	Started bool
	// Idle is true once nothing is queued or in flight after Drain.
	Idle bool
	// Wake is when Tick must be called unless something happens before; zero
	// when there is nothing to wait for.
	Wake time.Time
}

// Dispatch hands items to the worker of a free slot. The worker gives the same
// slice back with Finished.
type Dispatch struct {
	Pool  PoolID
	Slot  int
	Level boostd.Level
	// Rank is the level, or Granted. The worker hands the rest back when Waiting
	// is above it.
	Rank boostd.Level
	// Whole: the handler may take all of it before it reports any, and the worker
	// doesn't end it in between. See Batch and Void.
	Whole bool
	Items []*Item
}

// Granted is the rank of a batch that goes before higher levels, because it is
// overdue or its level's share: they don't make its worker hand it back.
const Granted boostd.Level = MaxLevels

// Preempt asks the worker of a slot to end its batch: it cancels the attempt that
// runs, marks it Preempted unless it is done all the same, starts nothing more,
// and answers with Finished as ever. The attempt doesn't count.
type Preempt struct {
	Pool PoolID
	Slot int
}

// Settled is what became of a consumer's messages, for its Source.
type Settled struct {
	Consumer    ConsumerID
	Settlements []boostd.Settlement
	spent       []*Item
}

// Drained says that nothing of the revoked partitions is in flight any more.
type Drained struct {
	Consumer   ConsumerID
	Partitions []boostd.TopicPartition
}

func (e *Effects) reset() {
	*e = Effects{
		Dispatches: e.Dispatches[:0], Recalls: e.Recalls[:0], Preempts: e.Preempts[:0], Opened: e.Opened[:0], Closed: e.Closed[:0], Settled: e.Settled[:0], Flows: e.Flows[:0],
		Drained: e.Drained[:0], Burials: e.Burials[:0], Held: e.Held[:0], Left: e.Left[:0], Without: e.Without[:0], Expired: e.Expired[:0],
	}
}
