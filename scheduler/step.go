package scheduler

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// step does all that has become possible: retries that are due, dispatches,
// the gate; then it collects what was settled.
func (c *Core) step(now time.Time) *Effects {
	c.expirePauses(now)
	for i := c.retries.due(now); i != nil; i = c.retries.due(now) {
		i.consumer.pool.backsOff(i, -1, now)
		i.consumer.pool.requeue(i, now)
	}
	c.checkStart(now)
	if c.config.Group {
		for _, p := range c.pools {
			c.effects.Wake = sooner(c.effects.Wake, p.checkGroup(now))
		}
	}
	if c.started {
		for id := range c.pools {
			c.dispatch(now, PoolID(id))
		}
	}
	if !c.draining { // a resumed Source would read its backlog for nothing
		c.effects.Wake = sooner(c.effects.Wake, c.gate(now))
	}
	if len(c.retries) > 0 {
		c.effects.Wake = sooner(c.effects.Wake, c.retries[0].ReadyAt)
	}
	c.effects.Idle = c.draining && c.empty()
	for _, k := range c.touched {
		k.touched = false
		if len(k.settled) > 0 {
			if !k.gone {
				c.effects.Settled = append(c.effects.Settled, Settled{k.id, k.settled, k.spent})
			}
			k.settled, k.spent = nil, nil // it is the receiver's now, or nobody's
		}
		if k.leaving && !k.left && k.unsettled == 0 {
			k.left = true
			c.effects.Left = append(c.effects.Left, k.id)
		}
	}
	c.touched = c.touched[:0]
	return &c.effects
}

// checkStart lets dispatching begin when every consumer has caught up, or the
// wait is over.
func (c *Core) checkStart(now time.Time) {
	if c.started || c.began.IsZero() {
		return
	}
	missing := 0
	for _, k := range c.consumers {
		if c.awaited(k) {
			missing++
		}
	}
	if missing > 0 && c.config.StartWait > 0 {
		if c.joined.IsZero() {
			return // brokers that can't be reached must not end the wait
		}
		if deadline := c.joined.Add(c.config.StartWait); now.Before(deadline) {
			c.effects.Wake = sooner(c.effects.Wake, deadline)
			return
		}
	}
	c.started, c.effects.Started = true, true
	for _, k := range c.consumers {
		if c.awaited(k) {
			c.effects.Without = append(c.effects.Without, k.id)
		}
	}
}

// awaited reports whether the start waits for the consumer.
func (c *Core) awaited(k *consumer) bool { return !k.caughtUp && !k.leaving && !c.byHand(k) }

// dispatch fills the free slots of a pool, highest level first.
func (c *Core) dispatch(now time.Time, id PoolID) {
	p := c.pools[id]
	c.recallLate(now, id)
	for p.usable() > 0 && p.recalling == 0 {
		next := p.choose(now)
		c.effects.Wake = sooner(c.effects.Wake, next.until)
		if c.recall(now, id, next) || next.level == None {
			break
		}
		at, slot := next.level, p.free[len(p.free)-1]
		l := &p.levels[at]
		share, most := p.size(l)
		p.shares.compete(&p.ready)
		items := p.take(p.batch[slot][:0], next, share, most, now)
		p.batch[slot] = items
		if len(items) == 0 {
			continue // all of it waits for locks now
		}
		p.shares.dispatched(at, len(items))
		p.free = p.free[:len(p.free)-1]
		p.isBusy[slot] = true
		p.occupy(at, 1)
		whole := p.config.Batch.whole()
		p.batches.dispatched(slot, batch{at, now, l.estimate.work(len(items)), len(items) > 1 && !whole, whole, next.rank()}, p.patience())
		c.effects.Dispatches = append(c.effects.Dispatches, Dispatch{id, slot, at, next.rank(), whole, items})
	}
	c.preempt(now, id)
	c.effects.Wake = sooner(c.effects.Wake, p.batches.late) // of the new ones too
}

// Finished takes a batch back from the worker of a slot: the slice of the
// Dispatch, each item with its result, or unstarted.
func (c *Core) Finished(now time.Time, id PoolID, slot int, items []*Item) *Effects {
	c.effects.reset()
	p := c.pools[id]
	whole, share := p.batches.out[slot].whole, time.Duration(0)
	if whole {
		share = each(items)
	}
	for _, i := range items {
		if k := i.consumer; k.settled == nil {
			k.settled, k.spent = c.spare.list(len(items)), make([]*Item, 0, len(items))
		}
		if i.unsettled() {
			continue
		}
		if !whole {
			share = i.FinishedAt.Sub(i.StartedAt)
		}
		p.of(i).estimate.add(share)
		c.ended(now, p, i)
	}
	c.unstarted(now, p, items)
	clear(items)
	p.batches.close(slot)
	p.occupy(p.batches.out[slot].level, -1)
	c.freed(id, slot)
	return c.step(now)
}

// unstarted gives the items that their worker didn't start, or was asked to give
// up, their places back.
func (c *Core) unstarted(now time.Time, p *pool, items []*Item) {
	// Backwards, so that each goes in front of its successors.
	for _, i := range slices.Backward(items) {
		if i.unsettled() {
			c.handedBack(now, p, i)
		}
	}
	for _, i := range items {
		if len(i.consumer.revoking) > 0 {
			c.noteDrained(i.consumer)
		}
	}
}

// handedBack gives an item whose attempt doesn't count its place back.
func (c *Core) handedBack(now time.Time, p *pool, i *Item) {
	p.returned(i, now)
	p.shares.handedBack(i.Message.Level)
	if i.Preempted {
		p.of(i).counts.Preempted++
	}
	i.Message.Attempt--
	if i.partition.closed {
		c.unlock(now, p, i)
		c.settle(i, boostd.Released)
		return
	}
	p.queue(i, 1)
	if !i.StartedAt.IsZero() {
		i.ReadyAt = now // it wasn't dispatchable while it was tried
	}
	p.requeue(i, now)
}

// ended does what follows from an attempt's result.
func (c *Core) ended(now time.Time, p *pool, i *Item) {
	l := p.of(i)
	p.returned(i, now)
	p.times.Add(i.FinishedAt.Sub(i.StartedAt))
	l.addWait(i)
	l.counts.granted(i.grant)
	switch {
	case i.Result.Outcome == boostd.Done:
		l.counts.Done++
		c.unlock(now, p, i)
		c.settle(i, boostd.Done)
	case i.Verdict() == boostd.Released, i.consumer.gone: // nobody notes what becomes of it
		c.unlock(now, p, i)
		c.settle(i, boostd.Released)
	case i.Verdict() == boostd.Retry && i.partition.closed: // no time for another attempt
		c.tellFailure(i)
		c.unlock(now, p, i)
		c.settle(i, boostd.Released)
	case i.Verdict() == boostd.Retry:
		c.tellFailure(i)
		l.counts.Retried++
		p.queue(i, 1)
		i.ReadyAt = now.Add(p.config.Retry.wait(i.Message, i.Result.After))
		p.backsOff(i, 1, now)
		c.retries.add(i)
	default:
		c.tellFailure(i)
		c.unlock(now, p, i)
		c.giveUp(now, i)
	}
}

// tellFailure lets the Source note a failed attempt: it counts after a restart
// too.
func (c *Core) tellFailure(i *Item) {
	k := i.consumer
	c.touch(k)
	k.settled = append(k.settled, boostd.Settlement{Message: i.Message, Outcome: boostd.Retry, Attempts: i.Message.Attempt, Again: i.failed})
	if !i.failed {
		i.failed, i.firstFailed = true, i.FinishedAt
		k.failed++
		k.failedBytes += int64(i.size)
	}
}

// unlock lets the next message of the item's key go.
func (c *Core) unlock(now time.Time, p *pool, i *Item) {
	if i.lock != nil {
		p.promote(i.lock, now)
	}
}

// settle ends an item's stay here.
func (c *Core) settle(i *Item, o boostd.Outcome) {
	k := i.consumer
	c.touch(k)
	k.unsettled--
	k.bytes -= int64(i.size)
	if i.failed {
		k.failed--
		k.failedBytes -= int64(i.size)
	}
	if o != boostd.Released {
		k.ended++
	}
	if o == boostd.Done { // who gave another answer may still look at the message
		k.spent = append(k.spent, i)
	}
	k.settled = append(k.settled, boostd.Settlement{Message: i.Message, Outcome: o, Attempts: i.Message.Attempt, Again: i.failed})
}

// dropClosed releases what is queued of the consumer's closed partitions; what
// waits for a retry too.
func (c *Core) dropClosed(now time.Time, k *consumer) {
	closed := func(i *Item) bool { return i.partition.closed }
	c.dropRetries(now, closed)
	k.pool.drop(now, closed, func(i *Item) { c.settle(i, boostd.Released) })
	c.noteDrained(k)
}

// dropRetries releases the items in backoff for which gone is true. The caller
// drops what is queued of their pools too, which settles their locks.
func (c *Core) dropRetries(now time.Time, gone func(*Item) bool) {
	c.retries.take(gone, func(i *Item) {
		i.consumer.pool.backsOff(i, -1, now)
		i.consumer.pool.queue(i, -1)
		c.settle(i, boostd.Released)
	})
}

// noteDrained answers the revocations of which nothing is here any more.
func (c *Core) noteDrained(k *consumer) {
	k.revoking = slices.DeleteFunc(k.revoking, func(r revocation) bool {
		if !r.drained() {
			return false
		}
		c.effects.Drained = append(c.effects.Drained, Drained{k.id, r.asked})
		return true
	})
}

// empty reports whether nothing is queued, in flight or being buried.
func (c *Core) empty() bool {
	if c.burying > 0 {
		return false
	}
	for _, p := range c.pools {
		if p.busy() > 0 {
			return false
		}
		for at := range p.levels {
			if p.levels[at].queued > 0 {
				return false
			}
		}
	}
	return true
}
