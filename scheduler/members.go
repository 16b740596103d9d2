package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// AddConsumer adds a priority consumer, before Start or at any time after it. The
// start waits for those that were added before Start. It fails after Drain.
func (c *Core) AddConsumer(config ConsumerConfig) (ConsumerID, error) {
	if int(config.Pool) < 0 || int(config.Pool) >= len(c.pools) {
		return 0, fmt.Errorf("add consumer %q: there is no pool %d", config.Name, config.Pool)
	}
	if c.draining {
		return 0, fmt.Errorf("add consumer %q: all are being drained", config.Name)
	}
	p := c.pools[config.Pool]
	if err := p.hasLevel(config.Level); err != nil {
		return 0, fmt.Errorf("add consumer %q: %w", config.Name, err)
	}
	if config.Window.Messages < 1 || config.Window.Bytes < 1 {
		return 0, fmt.Errorf("add consumer %q: its window must hold at least one message", config.Name)
	}
	k := &consumer{
		id: c.ids, config: config, pool: p, broker: -1,
		partitions: map[boostd.TopicPartition]*partition{},
		caughtUp:   !c.began.IsZero(),
	}
	c.ids++
	c.consumers = append(c.consumers, k)
	c.touch(k)
	return k.id, nil
}

func (p *pool) hasLevel(at boostd.Level) error {
	if at < 0 || int(at) >= p.config.Levels {
		return fmt.Errorf("level %d is outside 0 to %d", at, p.config.Levels-1)
	}
	return nil
}

// consumer finds one by its ID; nil when it was removed.
func (c *Core) consumer(id ConsumerID) *consumer {
	n, found := c.find(id)
	if !found {
		return nil
	}
	return c.consumers[n]
}

func (c *Core) find(id ConsumerID) (at int, found bool) {
	return slices.BinarySearchFunc(c.consumers, id, func(k *consumer, id ConsumerID) int { return cmp.Compare(k.id, id) })
}

// SetConsumer changes a consumer's level and the orders of its topics. Messages
// that are here keep their level, and open partitions the order that they were
// opened with. It fails, and changes nothing, for a level that there isn't, for a
// consumer that was removed, and where anything else is changed.
func (c *Core) SetConsumer(now time.Time, id ConsumerID, config ConsumerConfig) (*Effects, error) {
	c.effects.reset()
	k := c.consumer(id)
	if k == nil {
		return nil, fmt.Errorf("change consumer %q: there is no consumer %d", config.Name, id)
	}
	if err := k.pool.hasLevel(config.Level); err != nil {
		return nil, fmt.Errorf("change consumer %q: %w", config.Name, err)
	}
	if o := k.config; o.Name != config.Name || o.Pool != config.Pool || o.Mixed != config.Mixed || o.Window != config.Window {
		return nil, fmt.Errorf("change consumer %q: only its level and its topics' orders can change; remove it and add another", o.Name)
	}
	k.config.Orders = config.Orders
	c.setLevel(k, config.Level)
	k.pool.forgetTopics(c.consumers)
	return c.step(now), nil
}

// setLevel gives the consumer another level: what it will fetch counts there.
func (c *Core) setLevel(k *consumer, level boostd.Level) {
	old := k.config.Level
	if k.config.Mixed || old == level {
		return
	}
	waiting := k.broker
	k.backlog(-1)
	k.config.Level = level
	k.backlog(waiting)
	c.forgetGroup(k.pool, old)
	c.touch(k)
}

// Leave begins the end of a consumer, as Drain does for all: its partitions are
// closed for good, those that are still assigned to it too, what is queued is
// released, and what waits in the brokers counts no more. Effects.Left names it
// once nothing of it is in flight or on its way to the dead-letter topic. Then its
// Source can commit and leave, and RemoveConsumer follows.
func (c *Core) Leave(now time.Time, id ConsumerID) *Effects {
	c.effects.reset()
	k := c.consumer(id)
	if k == nil || k.leaving {
		return c.step(now)
	}
	if k.gate.state != Paused && !c.draining { // then all Sources are paused
		k.gate.pauses++
		c.effects.Flows = append(c.effects.Flows, FlowChange{k.id, Paused, Reason{Kind: GivenUp}})
	}
	c.leave(now, k)
	return c.step(now)
}

func (c *Core) leave(now time.Time, k *consumer) {
	if k.gate.state == Paused {
		k.pool.paused--
	}
	k.gate = k.gate.to(Paused, Reason{Kind: GivenUp}, now)
	c.gated.put(k, false)
	k.leaving = true
	k.backlog(-1)
	for _, p := range k.partitions {
		p.closed = true
	}
	c.dropClosed(now, k)
	c.touch(k)
}

// RemoveConsumer forgets a consumer, whose Source has stopped. What is still in
// flight of it keeps its slot and its key until it returns, and is then dropped:
// nobody is told of it. The ID is not used again.
func (c *Core) RemoveConsumer(now time.Time, id ConsumerID) *Effects {
	c.effects.reset()
	at, found := c.find(id)
	if !found {
		return c.step(now)
	}
	k := c.consumers[at]
	k.gone, k.left, k.revoking = true, true, nil
	if !k.leaving {
		c.leave(now, k)
	}
	k.partitions, k.last = nil, nil
	c.consumers = slices.Delete(c.consumers, at, at+1)
	if !k.config.Mixed {
		c.forgetGroup(k.pool, k.config.Level)
	}
	k.pool.forgetTopics(c.consumers)
	return c.step(now)
}

// forgetGroup drops what is known of a level's group, unless another consumer has
// that level: nobody tells more of it.
func (c *Core) forgetGroup(p *pool, level boostd.Level) {
	for _, k := range c.consumers {
		if k.pool == p && !k.config.Mixed && k.config.Level == level {
			return
		}
	}
	p.group = slices.DeleteFunc(p.group, func(g groupLevel) bool { return g.level == level })
	c.touchAll()
}

// forgetTopics drops the turns of topics of which no partition is open any more,
// lest each topic that there ever was have one.
func (p *pool) forgetTopics(consumers []*consumer) {
	open := map[string]bool{}
	for _, k := range consumers {
		if k.pool == p {
			for tp := range k.partitions {
				open[tp.Topic] = true
			}
		}
	}
	for at := range p.levels {
		topics := p.levels[at].ready.topics
		for name, t := range topics {
			if t.current == nil && !open[name] {
				delete(topics, name)
			}
		}
	}
}
