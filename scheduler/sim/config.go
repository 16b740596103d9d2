package sim

import (
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// Bounds of a simulation. They keep it within some gigabytes; see Validate.
const (
	// MaxInstances is how many there may be in all, those that join included.
	MaxInstances = 1000
	// MaxSlots is an instance's.
	MaxSlots = 10_000
	// MaxMessages is how many the load may make, as expected.
	MaxMessages = 20_000_000
	// MaxFor is the longest virtual time.
	MaxFor = 30 * 24 * time.Hour
	// MaxLatency is the largest of each Latency.
	MaxLatency = 24 * time.Hour
	// maxSize bounds instances × levels and instances × slots.
	maxSize = 1_000_000
	// maxParts bounds partitions of all topics, maxKeys keys of one topic.
	maxParts = 100_000
	maxKeys  = 1_000_000
	maxFeeds = 20_000
	// minRate and maxRate are in messages a second, for one level.
	minRate, maxRate = 1e-6, 1e8
)

// Config is what is simulated: instances that are alike, their load, and what
// happens to them. It shares its memory with nobody who writes to it.
type Config struct {
	Seed uint64
	// For is the virtual time, above 0, at most MaxFor.
	For time.Duration
	// Instances are there from the beginning, numbered from 1.
	Instances int
	// Pool is the one that each has; Levels bounds the levels of Loads.
	Pool scheduler.PoolConfig
	// Core is as a daemon would have it.
	Core scheduler.Config
	// Window is each consumer's.
	Window scheduler.Window
	// Handler is how long a message takes, where its load doesn't say.
	Handler Times
	// Failing is the share of attempts that fail, 0 to 1.
	Failing float64
	// PreemptAfter is how long a handler that is told to stop goes on, at most
	// MaxLatency; below zero it doesn't stop. It matters only with Pool.Preemptible.
	PreemptAfter time.Duration
	Latency      Latency
	Loads        []Load
	Changes      []Change
	// Starving is how long nothing of a level may start, while something of it
	// waits, before the level is said to starve; above 0.
	Starving time.Duration
}

// Latency is how long things take that aren't the core's; each 0 to MaxLatency.
type Latency struct {
	// Fetch is from a message's arrival, or from room for it, to its being here.
	Fetch Times
	// Resume is the least that a resumed consumer needs for its first message;
	// the most is twice that.
	Resume time.Duration
	// Pause is from the gate's word to its effect.
	Pause time.Duration
	// Dispatch is about what it takes from the scheduler to the worker: half of it
	// to one and a half. Never in step: slots that all take equally long can take
	// a batch from each other for ever.
	Dispatch time.Duration
	// Bury is how long a dead letter needs.
	Bury time.Duration
	// Rebalance is how long a partition that was given up is nobody's.
	Rebalance time.Duration
	// Session is how long a group doesn't notice that an instance is gone.
	Session time.Duration
	// Drain is the most that an instance waits for what runs, when it leaves or
	// gives partitions away.
	Drain time.Duration
}

// Measured are the latencies that were measured on two cores, brokers included,
// and a daemon's own defaults for Session and Drain.
var Measured = Latency{
	Fetch: Times{{Share: 1, Shape: Constant, A: time.Millisecond}}, Resume: 2500 * time.Microsecond, Dispatch: 50 * time.Microsecond,
	Bury: 5 * time.Millisecond, Rebalance: time.Second, Session: 10 * time.Second, Drain: 20 * time.Second,
}

// Load is messages of levels First to Last. Each of these levels has a topic of
// its own with so many Partitions, and all that follows happens to each of them;
// with Mixed they share one topic.
type Load struct {
	First, Last boostd.Level
	Mixed       bool
	Partitions  int
	// Order holds for the topics; Keys is how many keys there are, 0 for none.
	Order scheduler.Order
	Keys  int
	// Handler is how long its messages take; nil for Config.Handler.
	Handler Times
	// Backlog are messages that wait at the beginning.
	Backlog int
	// Poisson and Steady are messages a second, at random and evenly, from From
	// until Until (zero: the end); 0, or 1e-6 to 1e8.
	Poisson, Steady float64
	From, Until     time.Duration
	// Burst messages come at once, first at From, then every Every (zero: once).
	Burst int
	Every time.Duration
	// Recorded are messages of a real run, by time; their Partition is 0 to
	// Partitions-1. Nothing of the above but Mixed, Order and Partitions goes with
	// them, and a load that isn't Mixed has one level.
	Recorded []Recorded
}

// Recorded is a message of a real run.
type Recorded struct {
	// At is when it was produced, from the beginning; at least 0.
	At        time.Duration
	Level     boostd.Level
	Partition int32
	// Key is a number for each key, from 1; 0 for none.
	Key int32
	// Takes is how long its handler needs.
	Takes time.Duration
}

// Event is what happens to an instance.
type Event uint8

// Leave: it stops as a daemon does that is told to. Crash: it is gone at once.
// Join: it starts, new or again.
const (
	Leave Event = iota
	Crash
	Join
)

// Change is what happens to one instance.
type Change struct {
	At       time.Duration
	Instance int
	Event    Event
}
