package actors

import (
	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// The messages between the actors. Each is sent once and then belongs to its
// receiver; none prints a payload.

// fromSource carries one event of a consumer's Source to the scheduler.
type fromSource struct {
	consumer scheduler.ConsumerID
	event    any
}

// settle, pause and drained go from the scheduler to a consumer actor.
type (
	settle  struct{ settlements []boostd.Settlement }
	pause   struct{ paused bool }
	drained struct{ partitions []boostd.TopicPartition }
)

// begin starts a consumer's Source; leave stops it.
type (
	begin struct{}
	leave struct{ stop func() }
)

// *assignment (work.go) goes to a worker with a batch and comes back finished.

// overrun says that a slot's handler ignores its cancellation.
type overrun struct {
	pool scheduler.PoolID
	slot int
}

// tick is the core's timer.
type tick struct{}

// drain asks the scheduler to come to an end; idle is closed when nothing is in
// flight.
type drain struct{ idle chan struct{} }

// buried says that a dead letter is written, or refused for good.
type buried struct {
	item *scheduler.Item
	err  error
}

// pauseLevel and resumeLevel are a person's orders.
type (
	pauseLevel struct {
		pause scheduler.Pause
		done  chan<- error
	}
	resumeLevel struct {
		level boostd.Level
		was   chan<- bool
	}
)

// setPolicies gives each pool, in order, another policy.
type setPolicies struct {
	policies []scheduler.Policy
	done     chan<- error
}

// groupWork is what levels' whole groups have to do.
type groupWork struct{ levels []GroupWork }

// ping asks whether an actor still turns; its name is the answer.
type ping struct {
	name  string
	reply chan<- string
}

// statusRequest asks for a picture of the core, heldRequest for all that is held.
type (
	statusRequest struct{ reply chan<- scheduler.Status }
	heldRequest   struct {
		reply chan<- []scheduler.HeldMessage
	}
)
