package scheduler

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// MaxHeldShown bounds the list of held messages that status shows for each
// partition; HeldMessages has all.
const MaxHeldShown = 100

// HeldMessage is a message that was given up and waits for a person.
type HeldMessage struct {
	boostd.TopicPartition
	Offset int64
	Level  boostd.Level
	// Handler is the name of its pool.
	Handler  string
	Attempts int
	Reason   string
	At       time.Time
}

// hold gives an item up until a person resolves it.
func (c *Core) hold(now time.Time, i *Item) {
	h := HeldMessage{
		TopicPartition: i.partition.tp, Offset: i.Message.Offset, Level: i.Message.Level, Handler: i.consumer.pool.config.Name,
		Attempts: i.Message.Attempt, Reason: i.Result.Reason, At: now,
	}
	i.partition.held = append(i.partition.held, h)
	if !i.Message.Held {
		i.consumer.pool.of(i).counts.Held++
		c.effects.Held = append(c.effects.Held, h)
	}
	c.settle(i, boostd.Held)
}

// Unheld says that a message is no longer held: a person has skipped it, or it
// comes again.
func (c *Core) Unheld(now time.Time, id ConsumerID, tp boostd.TopicPartition, offset int64) *Effects {
	c.effects.reset()
	if k := c.consumer(id); k != nil && k.partitions[tp] != nil {
		p := k.partitions[tp]
		p.held = slices.DeleteFunc(p.held, func(h HeldMessage) bool { return h.Offset == offset })
	}
	return c.step(now)
}

// HeldMessages are all that wait for a person, by topic, partition and offset. A
// partition has no more of them than its Source's tracker takes.
func (c *Core) HeldMessages() []HeldMessage { return c.heldMessages(math.MaxInt) }

// heldMessages lists no more than limit of each partition.
func (c *Core) heldMessages(limit int) (all []HeldMessage) {
	for _, k := range c.consumers {
		for _, p := range k.partitions {
			all = append(all, p.held[:min(len(p.held), limit)]...)
		}
	}
	slices.SortFunc(all, func(a, b HeldMessage) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return all
}
