package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// Burial asks for a dead letter to be written. Its receiver answers with Buried,
// once. Until then the message may be read, and isn't settled: it counts as dead
// only when its letter is safe.
type Burial struct {
	Item *Item
	Pool PoolID
	// Attempts have failed, the first and the last one at those times, as far as
	// this process knows.
	Attempts                int
	FirstFailed, LastFailed time.Time
	// Handler is the name of the pool, Reason the last attempt's.
	Handler, Reason string
}

// giveUp ends a message that is not to be tried any more. The next one of its key
// may go on meanwhile.
func (c *Core) giveUp(now time.Time, i *Item) {
	p := i.consumer.pool
	if !p.config.DeadLetters || i.Message.Held {
		c.hold(now, i)
		return
	}
	i.partition.burying++
	i.consumer.burying++
	c.burying++
	first, last := i.firstFailed, i.FinishedAt
	if first.IsZero() { // it failed in another process
		first, last = now, now
	}
	c.effects.Burials = append(c.effects.Burials, Burial{
		Item: i, Pool: i.consumer.config.Pool, Attempts: i.Message.Attempt, FirstFailed: first, LastFailed: last,
		Handler: p.config.Name, Reason: i.Result.Reason,
	})
}

// Buried ends a burial. Where refused says why there is no dead letter, and never
// will be, the message is held.
func (c *Core) Buried(now time.Time, i *Item, refused string) *Effects {
	c.effects.reset()
	i.partition.burying--
	i.consumer.burying--
	c.burying--
	switch {
	case refused == "":
		i.consumer.pool.of(i).counts.Dead++
		c.settle(i, boostd.Dead)
	case i.consumer.gone: // nobody could resolve it
		c.settle(i, boostd.Released)
	default:
		i.Result.Reason += "; no dead letter: " + refused
		c.hold(now, i)
	}
	c.noteDrained(i.consumer)
	return c.step(now)
}
