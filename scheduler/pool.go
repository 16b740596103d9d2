package scheduler

import (
	"maps"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// PoolConfig describes the slots of one handler.
type PoolConfig struct {
	// Name is the handler's.
	Name string
	// Slots is how many batches may be out at once, at least 1.
	Slots int
	// Levels is how many levels there are: max_priority + 1, at most MaxLevels.
	Levels int
	Retry  Retry
	// DeadLetters: a message whose last attempt has failed goes to the dead-letter
	// topic; otherwise it is held.
	DeadLetters bool
	// Slice is how much work a batch may be; DefaultSlice when zero.
	Slice  time.Duration
	Policy Policy
	// Preemptible: a handler that has run for long gives its slot back when a
	// higher level waits and no slot is free. See Preempt.
	Preemptible bool
	// Batch is for a handler that works on several messages as on one.
	Batch Batch
}

// pool is one handler's slots and the messages that wait for them.
type pool struct {
	config  PoolConfig
	levels  []level   // config.Levels, or more: see Reconfigure
	ready   levelSet  // levels whose ready list isn't empty, but for paused ones
	halted  levelSet  // levels that are paused by hand
	full    levelSet  // ready levels that have enough for a batch, with Batch.Wait
	paused  int       // consumers
	times   Histogram // of the handler
	locks   locks
	free    []int     // idle slots; the last one used goes first, its caches are warm
	isBusy  []bool    // by slot
	surplus int       // busy slots that end with their batch: see setSlots
	batch   [][]*Item // by slot: the buffer that is handed to its worker
	batches batches
	stuck   []bool // by slot: its handler overran the timeout and hasn't returned
	preempt preemptions
	// recalling counts what was recalled and isn't back yet.
	recalling int

	// Of the policy: see setPolicy.
	shares shares
	below  []int        // by reserve: slots that are busy with lower levels
	active levelSet     // levels that have work, if exclusive
	group  []groupLevel // highest first
	// groupFloor is the highest level whose whole group has work, with Config.Group.
	groupFloor boostd.Level
	age        []ages // by band of reserves, if there is a MaxWait

	workAbove  []time.Duration // by level: how long the slots need for what is above
	aboveKnown bool            // workAbove is of the last sweep
}

// level is one level's queue in a pool, and what became of its messages.
type level struct {
	ready    readyQueue
	queued   int // ready, behind a lock, or in backoff
	backoff  int // of these
	behind   int // of these: would go in one batch with a ready one of their key, with Batch.Wait
	inFlight int
	broker   int // waiting in the brokers, of the level's own consumers
	// since is when the first of those that are ready became so, with Batch.Wait;
	// zero when it has to be looked for.
	since    time.Time
	estimate estimate
	counts   Counts
	waits    *waits // nil before the first message has ended
}

// Counts is what became of messages since the start.
type Counts struct {
	// Done were finished; Retried counts failed attempts that were followed by
	// another; Dead have become dead letters; Held were given up and wait for a
	// person, or did.
	Done, Retried, Dead, Held uint64
	// Overdue and Shared are attempts that went before higher levels, because the
	// message had waited for MaxWait or its level was owed a part; Preempted are
	// those that gave their slot back.
	Overdue, Shared, Preempted uint64
}

func newPool(config PoolConfig) *pool {
	if config.Slice <= 0 {
		config.Slice = DefaultSlice
	}
	p := &pool{
		config:    config,
		levels:    make([]level, config.Levels),
		locks:     locks{byID: map[uint64]*lock{}},
		batch:     make([][]*Item, config.Slots),
		batches:   newBatches(config.Slots, config.Levels),
		stuck:     make([]bool, config.Slots),
		isBusy:    make([]bool, config.Slots),
		preempt:   newPreemptions(config.Slots),
		workAbove: make([]time.Duration, config.Levels),
		ready:     newLevelSet(config.Levels),
		halted:    newLevelSet(config.Levels),
		full:      newLevelSet(config.Levels),
	}
	for slot := config.Slots - 1; slot >= 0; slot-- {
		p.free = append(p.free, slot)
	}
	p.warm(0)
	p.setPolicy(config.Policy)
	return p
}

func (p *pool) of(i *Item) *level { return &p.levels[i.Message.Level] }

// queue counts an item in or out of the queues.
func (p *pool) queue(i *Item, by int) {
	p.of(i).queued += by
	i.partition.queued += by
	p.note(i.Message.Level)
}

// backsOff counts an item in or out of those that wait for a retry.
func (p *pool) backsOff(i *Item, by int, now time.Time) {
	i.consumer.backoff += by
	p.of(i).backoff += by
	if i.lock != nil {
		i.lock.backoff += by
		i.lock.gaveBack(i, now)
	}
	p.note(i.Message.Level)
}

// enqueue adds a message that was fetched.
func (p *pool) enqueue(i *Item) {
	p.queue(i, 1)
	if i.lock == nil || p.admits(i) {
		p.pushReady(i, false)
	} else {
		i.ReadyAt = time.Time{}
		p.waitFor(i)
	}
}

// pushReady makes the item dispatchable, at the front for one that is older
// than all that was fetched since.
func (p *pool) pushReady(i *Item, front bool) {
	p.of(i).ready.push(i, front)
	if !p.halted.has(i.Message.Level) {
		p.ready.add(i.Message.Level)
		p.ageing(i)
	}
	p.joined(i)
	if i.lock != nil {
		p.stand(i.lock, i.Message.Level)
	}
}

// popReady takes the next item of a choice off its level's ready queue; nil when
// there is none.
func (p *pool) popReady(c choice, now time.Time) *Item {
	q := &p.levels[c.level].ready
	if q.len == 0 {
		return nil
	}
	if c.grant != overdue {
		return q.pop()
	}
	i := p.overdue(now, c.floor)
	if i == nil || i.Message.Level != c.level {
		return nil
	}
	q.remove(i)
	return i
}

// left notes that the item has left its ready queue. It is false when what it
// needs is taken, and then it waits for that.
func (p *pool) left(i *Item) bool {
	at := i.Message.Level
	p.unage(i)
	if p.levels[at].ready.len == 0 {
		p.ready.remove(at)
	}
	p.parted(at)
	if i.lock == nil {
		return true
	}
	p.unready(i.lock, at)
	if i.lock.busy() {
		i.ReadyAt = time.Time{}
		p.waitFor(i)
		return false
	}
	i.ReadyAt = later(i.ReadyAt, i.lock.freed)
	return true
}

// take fills dst with items of a choice for one worker: the worker's share of
// what is ready, and right behind each what waits for the same key, because
// nobody else could run it meanwhile; no more than most in all.
func (p *pool) take(dst []*Item, c choice, share, most int, now time.Time) []*Item {
	for len(dst) < share {
		i := p.popReady(c, now)
		if i == nil {
			break
		}
		if !p.left(i) {
			continue
		}
		dst = p.dispatched(dst, i, c.grant, now)
		if i.lock == nil {
			continue
		}
		for len(dst) < most && i.lock.waiting.len > 0 && i.lock.waiting.head.Message.Level == c.level {
			follower := i.lock.waiting.popFront()
			follower.ReadyAt = time.Time{}
			dst = p.dispatched(dst, follower, c.grant, now)
		}
	}
	return dst
}

func (p *pool) dispatched(dst []*Item, i *Item, g grant, now time.Time) []*Item {
	p.of(i).inFlight++
	p.queue(i, -1)
	i.partition.inFlight++
	if i.lock != nil {
		i.lock.running++
	}
	i.Message.Attempt++
	i.DispatchedAt, i.StartedAt, i.FinishedAt, i.Result = now, time.Time{}, time.Time{}, boostd.Result{}
	i.Interrupted, i.Preempted, i.Void, i.grant = false, false, false, g
	i.last = i.Message.Attempt >= p.config.Retry.Attempts
	return append(dst, i)
}

// returned takes an item back from its worker, whatever became of it.
func (p *pool) returned(i *Item, now time.Time) {
	p.of(i).inFlight--
	i.partition.inFlight--
	if i.lock != nil {
		i.lock.running--
		i.lock.gaveBack(i, now)
	}
	p.note(i.Message.Level)
}

// requeue gives an item that wasn't started, or whose backoff is over, its old
// place back. It stays as ready as it was unless its key is taken.
func (p *pool) requeue(i *Item, now time.Time) {
	if i.lock == nil {
		p.pushReady(i, true)
		return
	}
	p.waitFor(i)
	if p.next(i.lock) != i || !p.admits(i) {
		i.ReadyAt = time.Time{}
	}
	p.promote(i.lock, now)
}

// admits reports whether an item that has a lock may stand in its ready list.
func (p *pool) admits(i *Item) bool {
	return i.lock.admits(i.Message.Level) && !p.halted.has(i.Message.Level)
}

// next is the item whose turn it is when the lock is free, or nil: the first
// that waits and isn't paused.
func (p *pool) next(l *lock) *Item {
	i := l.waiting.head
	for i != nil && p.halted.has(i.Message.Level) {
		i = i.next
	}
	return i
}

// promote makes the next item of a lock ready once nothing else of it runs,
// and forgets a lock that nobody needs. One that had its turn, or is as old as
// the first that is ready, goes before it; another goes last, lest a key that
// always has more to do keep the others of its level waiting.
func (p *pool) promote(l *lock, now time.Time) {
	head := p.next(l)
	if head == nil || !p.admits(head) {
		p.locks.release(l)
		return
	}
	l.waiting.remove(head)
	if head.ReadyAt.IsZero() {
		head.ReadyAt = now
	}
	first := p.of(head).ready.flow(head).items.head
	p.pushReady(head, first == nil || !head.DispatchedAt.IsZero() || !head.Message.FetchedAt.After(first.Message.FetchedAt))
}

// drop removes the queued items for which gone is true and passes each to
// dropped. Items in backoff are the core's to drop, before. A lock may have
// items that stay, of the partition's assignment to another consumer: they go
// on. Locks are looked at in a fixed order, so that a replay does the same.
func (p *pool) drop(now time.Time, gone func(*Item) bool, dropped func(*Item)) {
	forget := func(i *Item) {
		p.queue(i, -1)
		dropped(i)
	}
	for at := range p.levels {
		l := &p.levels[at]
		if l.ready.len == 0 {
			continue
		}
		l.ready.take(gone, func(i *Item) {
			p.unage(i)
			if i.lock != nil {
				p.unready(i.lock, boostd.Level(at))
			}
			forget(i)
		})
		if l.ready.len == 0 {
			p.ready.remove(boostd.Level(at))
		}
		p.parted(boostd.Level(at))
	}
	for _, id := range slices.Sorted(maps.Keys(p.locks.byID)) {
		l := p.locks.byID[id]
		p.unfollow(l)
		l.waiting.take(gone, forget)
		p.follow(l)
		p.promote(l, now)
	}
}
