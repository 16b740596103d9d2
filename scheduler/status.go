package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// Status is a picture of the core at one moment, for people and metrics. It
// shares nothing with the core.
type Status struct {
	At        time.Time
	Started   bool
	Draining  bool
	Pools     []PoolStatus
	Consumers []ConsumerStatus
	Held      []HeldMessage
	// Paused are the levels that are paused by hand, ascending.
	Paused []Pause
}

// PoolStatus is one handler's slots and queues.
type PoolStatus struct {
	Name        string
	Slots, Busy int
	// Stuck slots have a handler that overran its timeout and hasn't returned.
	Stuck int
	// Levels are those that ever had a message, ascending; of those above the highest
	// level that there is only what is left here.
	Levels []LevelStatus
	// Times are those of single attempts, from start to result.
	Times Histogram
	// HotKeys are the keys that hold most of their own messages back, most first.
	HotKeys []HotKey
	// Group is what other instances and this one have to do, by level, ascending;
	// empty without Config.Group.
	Group []GroupStatus
}

// LevelStatus is one level's queue in a pool.
type LevelStatus struct {
	Level boostd.Level
	// Queued waits here for a slot, a key or a retry; InFlight is with workers.
	Queued, InFlight int
	// Oldest is the largest age, since it was produced, of the messages that are
	// next of their partition or tenant (since its fetch where that isn't known);
	// Ready is false when none is.
	Oldest time.Duration
	Ready  bool
	// Mean is how long one message takes; zero until known.
	Mean time.Duration
	Counts
	// QueueWait is the time from fetch to start, Age that from production to
	// start, of first attempts that have ended.
	QueueWait, Age Histogram
}

// ConsumerStatus is one consumer and what the gate makes of it.
type ConsumerStatus struct {
	Name  string
	Pool  PoolID
	Level boostd.Level
	Mixed bool
	// Broker is how many of its messages wait in the brokers, -1 unknown.
	Broker int64
	// Unsettled is how many were fetched and are not settled.
	Unsettled int
	// Ended is how many were settled since the start, but for those that were
	// given back unhandled; InFlight is with workers, Backoff waits for a retry.
	Ended             uint64
	InFlight, Backoff int
	// Burying are on their way to the dead-letter topic.
	Burying    int
	Bytes      int64
	Partitions int
	// Joined: its group has given it an assignment, maybe an empty one.
	Joined bool
	State  State
	Reason Reason
	Since  time.Time
	Held   uint64
	// Pauses and Resumes count the gate's orders to the Source.
	Pauses, Resumes uint64
	// Spent is the time in each State until now.
	Spent [Paused + 1]time.Duration
}

// Status takes the picture. It is proportional to levels, consumers, keys in use
// and held messages.
func (c *Core) Status(now time.Time) Status {
	s := Status{At: now, Started: c.started, Draining: c.draining, Paused: c.pauses()}
	for _, p := range c.pools {
		s.Pools = append(s.Pools, p.status(now))
	}
	for _, k := range c.consumers {
		ks := ConsumerStatus{
			Name: k.config.Name, Pool: k.config.Pool, Level: k.config.Level, Mixed: k.config.Mixed,
			Broker: k.broker, Unsettled: k.unsettled, Ended: k.ended, Backoff: k.backoff, Burying: k.burying, Bytes: k.bytes, Partitions: len(k.partitions), Joined: k.joined,
			State: k.gate.state, Reason: k.gate.reason, Since: k.gate.since,
			Pauses: k.gate.pauses, Resumes: k.gate.resumes, Spent: k.gate.spent,
		}
		if !k.gate.since.IsZero() {
			ks.Spent[k.gate.state] += now.Sub(k.gate.since)
		}
		for _, p := range k.partitions {
			ks.Held += uint64(len(p.held))
			ks.InFlight += p.inFlight
		}
		s.Consumers = append(s.Consumers, ks)
	}
	s.Held = c.heldMessages(MaxHeldShown)
	return s
}

func (p *pool) status(now time.Time) PoolStatus {
	s := PoolStatus{Name: p.config.Name, Slots: p.config.Slots, Busy: p.busy(), Times: p.times, HotKeys: p.hotKeys(), Group: p.groupStatus(now)}
	for _, stuck := range p.stuck {
		if stuck {
			s.Stuck++
		}
	}
	for at := range p.levels {
		l := &p.levels[at]
		ls := LevelStatus{Level: boostd.Level(at), Queued: l.queued, InFlight: l.inFlight, Counts: l.counts}
		if ls.Queued+ls.InFlight == 0 && (ls.Counts == (Counts{}) || at >= p.config.Levels) {
			continue
		}
		if l.estimate.known() {
			ls.Mean = time.Duration(l.estimate.mean)
		}
		if l.waits != nil {
			ls.QueueWait, ls.Age = l.waits.queue, l.waits.age
		}
		ls.Oldest, ls.Ready = l.ready.oldest(now), l.ready.len > 0
		s.Levels = append(s.Levels, ls)
	}
	return s
}
