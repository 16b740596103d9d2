package actors

import (
	"github.com/asynkron/protoactor-go/actor"

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

// settle, pause and drained go from the scheduler to a consumer actor. settle comes back
// when the Source was told.
type (
	settle  struct{ scheduler.Settled }
	pause   struct{ paused bool }
	drained struct{ partitions []boostd.TopicPartition }
)

// begin starts the scheduler. open tells a consumer its ID and starts its Source,
// leave stops it.
type (
	begin struct{}
	open  struct {
		id      scheduler.ConsumerID
		started func(error)
	}
	leave struct{ stop func() }
)

// hire has the guardian spawn another actor, or close reply when it is ending;
// dismiss has it end one.
type (
	hire struct {
		actor actor.Actor
		reply chan<- *actor.PID
	}
	dismiss struct {
		pid   *actor.PID
		ended chan<- struct{}
	}
)

// join, alter, giveUp and forget tell the scheduler of a consumer that comes,
// changes, and goes. giveUp goes through the consumer, behind all that its Source
// has said; left is closed when nothing is here of it any more.
type (
	join struct {
		config scheduler.ConsumerConfig
		pid    *actor.PID
		reply  chan<- joined
	}
	joined struct {
		id  scheduler.ConsumerID
		err error
	}
	alter struct {
		id     scheduler.ConsumerID
		config scheduler.ConsumerConfig
		done   chan<- error
	}
	giveUp struct {
		id   scheduler.ConsumerID
		left chan struct{}
	}
	forget struct{ pid *actor.PID }
)

// resolveBy gives a consumer another way to set messages' levels.
type resolveBy struct{ resolve func(*boostd.Message) }

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

// reconfigure changes the number of levels, and each handler, in order.
type reconfigure struct {
	levels   int
	handlers []HandlerChange
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
