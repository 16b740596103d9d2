package scheduler

import (
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// Config is what holds for all pools.
type Config struct {
	// StartWait is how long the first dispatch waits, from the first assignment
	// on, for consumers that have not yet caught up; zero doesn't wait.
	StartWait time.Duration
	// Gate switches pausing on. Without it priority is kept just the same, but
	// lower levels fetch and keep what they can't run.
	Gate bool
	// Group makes lower levels wait for what the whole group has to do of higher
	// ones: see Core.Group. Slots may idle meanwhile.
	Group bool
}

// Core is the whole scheduler: give it what happened, do what it says. What it is
// told of a consumer that was removed changes nothing. Not safe for concurrent use.
type Core struct {
	config    Config
	pools     []*pool
	consumers []*consumer // by ID, ascending
	ids       ConsumerID  // the next consumer's
	retries   backoff
	paused    map[boostd.Level]Pause
	began     time.Time
	joined    time.Time // the first assignment
	started   bool
	draining  bool
	burying   int // on their way to the dead-letter topic
	effects   Effects
	touched   []*consumer // in this step
	spare     spare
	gated     gated
}

// New makes an empty core. Pools and consumers are added before Start.
func New(config Config) *Core { return &Core{config: config, paused: map[boostd.Level]Pause{}} }

// AddPool adds a handler's pool.
func (c *Core) AddPool(config PoolConfig) (PoolID, error) {
	if err := c.validate(config); err != nil {
		return 0, fmt.Errorf("add pool %q: %w", config.Name, err)
	}
	c.pools = append(c.pools, newPool(config))
	return PoolID(len(c.pools) - 1), nil
}

// Start begins the wait for the consumers that exist.
func (c *Core) Start(now time.Time) *Effects {
	c.effects.reset()
	c.began = now
	return c.step(now)
}

// Tick is for the time that Effects.Wake named.
func (c *Core) Tick(now time.Time) *Effects {
	c.effects.reset()
	return c.step(now)
}

// Assigned opens partitions of a consumer. A revocation of one of them that
// isn't answered yet won't be: the Source has stopped waiting for it, and could
// take the answer for that of the next one.
func (c *Core) Assigned(now time.Time, id ConsumerID, tps []boostd.TopicPartition) *Effects {
	c.effects.reset()
	k := c.consumer(id)
	if k == nil {
		return c.step(now)
	}
	if c.joined.IsZero() {
		c.joined = now
	}
	k.joined = true
	k.revoking = slices.DeleteFunc(k.revoking, func(r revocation) bool {
		return slices.ContainsFunc(tps, func(tp boostd.TopicPartition) bool { return slices.Contains(r.asked, tp) })
	})
	for _, tp := range tps {
		k.open(tp).closed = c.draining || k.leaving
	}
	return c.step(now)
}

// CaughtUp says that the consumer has seen something of all its partitions.
func (c *Core) CaughtUp(now time.Time, id ConsumerID) *Effects {
	c.effects.reset()
	if k := c.consumer(id); k != nil {
		k.caughtUp = true
	}
	return c.step(now)
}

// Backlog says how many of the consumer's messages wait in the brokers.
func (c *Core) Backlog(now time.Time, id ConsumerID, messages int64) *Effects {
	c.effects.reset()
	if k := c.consumer(id); k != nil && !k.leaving {
		k.backlog(messages)
	}
	return c.step(now)
}

// givenUpBefore is the reason of a message that was given up, or had used up its
// attempts, before its partition came here: no commit carries reasons.
const givenUpBefore = "given up before this instance had the partition; the log of that time says why"

// Fetched queues messages, whose Level is set; one that is outside of the
// pool's levels is taken for the nearest. The core copies them: the slice isn't
// kept, and Settlement.Message points to the copy, until Reuse. Messages of partitions that
// aren't open are released at once; those of a consumer that was removed are
// nobody's to settle any more.
func (c *Core) Fetched(now time.Time, id ConsumerID, messages []boostd.Message) *Effects {
	c.effects.reset()
	k := c.consumer(id)
	if k == nil {
		return c.step(now)
	}
	for n := range messages {
		i := c.spare.item(len(messages) - n)
		m := &i.message
		*m = messages[n]
		m.Level = min(max(m.Level, 0), boostd.Level(k.pool.config.Levels-1))
		i.Message, i.consumer, i.size, i.ReadyAt = m, k, m.Size(), m.FetchedAt
		k.unsettled++
		k.bytes += int64(i.size)
		c.touch(k)
		i.partition = k.partition(m)
		if i.partition == nil || i.partition.closed {
			c.settle(i, boostd.Released)
			continue
		}
		if m.Held || m.Attempt >= k.pool.config.Retry.Attempts {
			i.Result.Reason = givenUpBefore
			c.giveUp(now, i)
			continue
		}
		if lock, ok := lockID(i.partition.place, m, i.partition.order); ok {
			i.lock = k.pool.locks.get(lock)
		}
		k.pool.enqueue(i)
	}
	return c.step(now)
}

// Revoking closes partitions: of them nothing more is dispatched, and what is
// queued is released. Effects.Drained follows once nothing of them is in flight or
// on its way to the dead-letter topic.
func (c *Core) Revoking(now time.Time, id ConsumerID, tps []boostd.TopicPartition) *Effects {
	c.effects.reset()
	if k := c.consumer(id); k != nil {
		k.revoking = append(k.revoking, revocation{tps, k.close(tps)})
		c.dropClosed(now, k)
	}
	return c.step(now)
}

// Lost closes partitions that are gone already; nobody waits for them.
func (c *Core) Lost(now time.Time, id ConsumerID, tps []boostd.TopicPartition) *Effects {
	c.effects.reset()
	if k := c.consumer(id); k != nil {
		k.joined = false
		k.close(tps)
		c.dropClosed(now, k)
	}
	return c.step(now)
}

// Overrun says that the handler of a slot has overrun its timeout and has not
// returned: the slot is gone until it does. One that has returned meanwhile is
// not.
func (c *Core) Overrun(id PoolID, slot int) {
	if p := c.pools[id]; slot < len(p.stuck) { // it may have ended
		p.stuck[slot] = p.isBusy[slot]
	}
}

// Drain closes all partitions for good: what is queued is released. Effects.Idle
// follows once nothing is in flight or on its way to the dead-letter topic.
func (c *Core) Drain(now time.Time) *Effects {
	c.effects.reset()
	c.draining = true
	for _, k := range c.consumers {
		for _, p := range k.partitions {
			p.closed = true
		}
		c.dropClosed(now, k)
	}
	return c.step(now)
}

// Waiting is the level that a slot of the pool is wanted for: the highest that
// is ready while no slot is free for it, otherwise None. Where lower levels wait for
// all work above it is also the highest level that has any.
func (c *Core) Waiting(id PoolID) boostd.Level {
	p := c.pools[id]
	highest, floor := p.ready.highest(), p.floor()
	if p.usable() > 0 && highest >= floor {
		return None
	}
	if above := p.above(); above > 0 {
		return max(highest, above)
	}
	return highest
}

// Overtakes reports whether what Waiting names goes before a batch that a slot has,
// each message of which is expected to take that long or longer. Its cost grows with
// the slots: it is for when Waiting has risen.
func (c *Core) Overtakes(id PoolID, each time.Duration) bool {
	p, wanted := c.pools[id], c.Waiting(id)
	for slot, busy := range p.isBusy {
		if b := &p.batches.out[slot]; busy && b.rank < wanted && p.levels[b.level].estimate.work(1) >= each {
			return true
		}
	}
	return false
}

// Pools is how many pools there are; their IDs are 0 to Pools()-1.
func (c *Core) Pools() int { return len(c.pools) }
