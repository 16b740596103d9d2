package scheduler

import (
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// Batch is for handlers that work on several messages as on one, such as a bulk
// insert. The zero value is for all others: how much a batch is depends on how
// long a message takes, and its worker runs one message after the other.
type Batch struct {
	// Max is how many messages a batch has at most, 1 to MaxCollected; 0 means 1.
	// More than one makes the batch a whole: its handler may take all before it
	// reports any, so nothing of it is recalled, whatever its time.
	Max int
	// Wait is how long a message that is ready may wait for others: while no level
	// that may have a slot has Max messages ready, or one that has been ready for so
	// long, free slots stay empty. Then they take the highest level as ever, however
	// little that has. Zero waits for nothing; more goes with Max above 1 alone.
	Wait time.Duration
}

// MaxCollected bounds Batch.Max.
const MaxCollected = 1000

// validate says what is wrong with it, beginning with its name in boostd.yaml.
func (b Batch) validate() error {
	switch {
	case b.Max < 0 || b.Max > MaxCollected:
		return fmt.Errorf("batch.max: %d: want 1 to %d", b.Max, MaxCollected)
	case b.Wait < 0:
		return fmt.Errorf("batch.wait: %v is below zero", b.Wait)
	case b.Wait > 0 && b.Max <= 1:
		return fmt.Errorf("batch.wait: %v: want batch.max above 1 too: a single message has nothing to wait for", b.Wait)
	}
	return nil
}

// whole reports whether a handler takes batches as a whole.
func (b Batch) whole() bool { return b.Max > 1 }

// fills reports until when free slots stay empty, because everything that may have
// one waits for more; zero when they don't: a level from floor on has enough, or
// has waited for long enough.
func (p *pool) fills(now time.Time, floor boostd.Level) (until time.Time) {
	wait := p.config.Batch.Wait
	if wait <= 0 || p.full.highest() >= floor {
		return time.Time{}
	}
	for at := p.ready.highest(); at >= floor; at = p.ready.below(at) {
		l := &p.levels[at]
		if l.since.IsZero() { // of fewer than Max: the level isn't full
			l.since = l.ready.since()
		}
		until = sooner(until, l.since.Add(wait))
	}
	if i := p.oldest(floor); i != nil {
		until = sooner(until, i.Message.FetchedAt.Add(p.config.Policy.MaxWait))
	}
	if !now.Before(until) {
		return time.Time{}
	}
	return until
}

// joined notes that an item stands in its ready list.
func (p *pool) joined(i *Item) {
	if p.config.Batch.Wait <= 0 {
		return
	}
	switch l := p.of(i); {
	case l.ready.len == 1:
		l.since = i.ReadyAt
	case !l.since.IsZero():
		l.since = sooner(l.since, i.ReadyAt)
	}
	p.noteFull(i.Message.Level)
}

// parted notes that items have left the level's ready list.
func (p *pool) parted(at boostd.Level) {
	if p.config.Batch.Wait > 0 {
		p.levels[at].since = time.Time{}
		p.noteFull(at)
	}
}

// noteFull keeps the levels that have enough ready for a batch: with what would
// follow it in its batch, because it has the same key.
func (p *pool) noteFull(at boostd.Level) {
	if p.config.Batch.Wait > 0 {
		l := &p.levels[at]
		p.full.put(at, p.ready.has(at) && l.ready.len+l.behind >= p.config.Batch.Max)
	}
}

// waitFor lets an item wait for its lock.
func (p *pool) waitFor(i *Item) {
	l := i.lock
	l.wait(i)
	if p.config.Batch.Wait > 0 && l.best() == i.Message.Level && l.behind < p.config.Batch.Max {
		l.behind++
		p.of(i).behind++
		p.noteFull(i.Message.Level)
	}
}

// stand notes that an item of the lock stands in a ready list: above those that do
// already.
func (p *pool) stand(l *lock, at boostd.Level) {
	p.unfollow(l)
	l.ready = append(l.ready, at)
	p.follow(l)
}

// unready notes that the item of that level no longer does.
func (p *pool) unready(l *lock, at boostd.Level) {
	p.unfollow(l)
	l.unready(at)
	p.follow(l)
}

// follow counts what would go in one batch with the best item of the lock that is
// ready, up to a whole batch: that costs no more than what is taken then.
func (p *pool) follow(l *lock) {
	at := l.best()
	if p.config.Batch.Wait <= 0 || at == None {
		return
	}
	for i := l.waiting.head; i != nil && i.Message.Level >= at && l.behind < p.config.Batch.Max; i = i.next {
		if i.Message.Level == at {
			l.behind++
		}
	}
	p.levels[at].behind += l.behind
	p.noteFull(at)
}

func (p *pool) unfollow(l *lock) {
	if at := l.best(); at != None {
		p.levels[at].behind -= l.behind
		l.behind = 0
		p.noteFull(at)
	}
}

// setBatch puts another batch in force; those that are out stay what they are.
func (p *pool) setBatch(b Batch) {
	p.config.Batch = b
	p.full = newLevelSet(len(p.levels))
	for at := range p.levels {
		p.levels[at].since, p.levels[at].behind = time.Time{}, 0
	}
	for _, l := range p.locks.byID {
		l.behind = 0
		p.follow(l)
	}
	for at := range p.levels {
		p.noteFull(boostd.Level(at))
	}
}

// size is how many messages a batch of the level gets: share of those whose turn
// it is, and most with what follows them.
func (p *pool) size(l *level) (share, most int) {
	if b := p.config.Batch; b.whole() {
		return b.Max, b.Max
	}
	return l.estimate.batch(p.config.Slice, l.ready.len, p.config.Slots)
}

// fill is how many batches n messages are.
func (b Batch) fill(n int) int {
	most := max(b.Max, 1)
	return (n + most - 1) / most
}

// each is how long one message of a whole batch took: its part of the time from the
// first one's start to the last one's end, whether they ran together or one after
// the other.
func each(items []*Item) time.Duration {
	var from, to time.Time
	n := 0
	for _, i := range items {
		if !i.StartedAt.IsZero() {
			from, to = sooner(from, i.StartedAt), later(to, i.FinishedAt)
			n++
		}
	}
	return to.Sub(from) / time.Duration(max(n, 1))
}

// Void marks the items of a whole batch that its handler was given together with
// an earlier one of the same key that is to come again: what became of them doesn't
// count, and they come again behind it. Who records attempts calls it before, with
// all results there.
func Void(items []*Item) {
	var again []*Item
	for _, i := range items {
		switch {
		case i.StartedAt.IsZero() || i.lock == nil:
		case slices.ContainsFunc(again, i.Follows):
			i.Void = true
		case i.Verdict() == boostd.Retry || i.Verdict() == boostd.Released:
			again = append(again, i)
		}
	}
}
