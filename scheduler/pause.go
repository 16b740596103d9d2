package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// Pause is a level's pause by hand: nothing of the level starts in any pool, its
// own consumers fetch nothing, and its work counts for nobody. What has started
// goes on. In base topics, messages of the same key at other levels go past it.
//
// The pause of a level that is no more (see Core.Reconfigure) stays, for the
// messages that are left there and for the level's return, until it ends or is
// ended. What comes after the change has another level.
//
// A person's word goes before the promise of few repeats: partitions that are
// given away, or drained, don't wait for a paused level.
type Pause struct {
	Level boostd.Level
	// By and Why are the person's own words.
	By, Why string
	Since   time.Time
	// Until is when it ends by itself; zero for never.
	Until time.Time
}

// PauseLevel pauses a level, or changes its pause. It fails, and changes
// nothing, for a level that no pool has.
func (c *Core) PauseLevel(now time.Time, pause Pause) (*Effects, error) {
	c.effects.reset()
	if pause.Level < 0 || pause.Level >= c.levels() {
		return nil, fmt.Errorf("pause level %d: there are levels 0 to %d", pause.Level, c.levels()-1)
	}
	c.paused[pause.Level] = pause
	c.touchAll()
	for id, p := range c.pools {
		if int(pause.Level) < len(p.levels) {
			p.pause(now, pause.Level)
			c.recallLevel(PoolID(id), pause.Level)
		}
	}
	for _, k := range c.consumers {
		c.dropClosed(now, k)
	}
	return c.step(now), nil
}

// ResumeLevel ends a level's pause. It is false when there was none.
func (c *Core) ResumeLevel(now time.Time, level boostd.Level) (e *Effects, was bool) {
	c.effects.reset()
	_, was = c.paused[level]
	c.resume(now, level)
	return c.step(now), was
}

func (c *Core) resume(now time.Time, level boostd.Level) {
	if _, was := c.paused[level]; !was {
		return
	}
	delete(c.paused, level)
	c.touchAll()
	for _, p := range c.pools {
		if int(level) < len(p.levels) { // paused when it was a level
			p.resume(now, level)
		}
	}
}

// pause takes a level out of the choice. What stood ready with a lock waits for
// it again, so that other levels of its key can go past.
func (p *pool) pause(now time.Time, level boostd.Level) {
	p.halted.add(level)
	p.note(level)
	p.ready.remove(level)
	p.levels[level].ready.each(p.unage)
	var free []*lock
	p.levels[level].ready.take(func(i *Item) bool { return i.lock != nil }, func(i *Item) {
		p.unready(i.lock, level)
		i.ReadyAt = time.Time{}
		p.waitFor(i)
		free = append(free, i.lock)
	})
	p.parted(level)
	for _, l := range free {
		p.promote(l, now)
	}
}

// resume puts it back: what is ready is so from now on, because it has not
// waited for a slot before.
func (p *pool) resume(now time.Time, level boostd.Level) {
	p.halted.remove(level)
	p.note(level)
	ready := &p.levels[level].ready
	ready.each(func(i *Item) {
		i.ReadyAt = now
		p.ageing(i)
	})
	if ready.len > 0 {
		p.ready.add(level)
	}
	p.parted(level) // they are ready since then
	for _, id := range slices.Sorted(maps.Keys(p.locks.byID)) {
		p.promote(p.locks.byID[id], now)
	}
}

// expirePauses ends those whose time is over.
func (c *Core) expirePauses(now time.Time) {
	over := false
	for _, pause := range c.paused {
		switch {
		case pause.Until.IsZero():
		case now.Before(pause.Until):
			c.effects.Wake = sooner(c.effects.Wake, pause.Until)
		default:
			over = true
		}
	}
	if !over { // the list below is made anew each time
		return
	}
	for _, pause := range c.pauses() {
		if !pause.Until.IsZero() && !now.Before(pause.Until) {
			c.resume(now, pause.Level)
			c.effects.Expired = append(c.effects.Expired, pause)
		}
	}
}

// pauses are those in force, by level.
func (c *Core) pauses() []Pause {
	all := slices.Collect(maps.Values(c.paused))
	slices.SortFunc(all, func(a, b Pause) int { return int(a.Level - b.Level) })
	return all
}

// byHand reports whether the consumer's level is paused by hand; mixed ones have
// no level.
func (c *Core) byHand(k *consumer) bool {
	return !k.config.Mixed && k.pool.halted.has(k.config.Level)
}

// levels is the number of levels of the pool that has most.
func (c *Core) levels() boostd.Level {
	most := 0
	for _, p := range c.pools {
		most = max(most, p.config.Levels)
	}
	return boostd.Level(most)
}
