package scheduler

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// worldPolicy is what the oracle knows of a pool's policy: the choice computed
// the dumb way.
type worldPolicy struct {
	Policy
	credit map[boostd.Level]int
}

func newWorldPolicy(p Policy) *worldPolicy {
	credit := map[boostd.Level]int{}
	for _, s := range p.MinShare {
		credit[s.Level] = 0
	}
	return &worldPolicy{p, credit}
}

func (w *world) drawPolicy(slots, levels int) (p Policy) {
	if w.draw(3) == 0 {
		return p
	}
	if p.Exclusive = w.draw(3) == 0; !p.Exclusive {
		if w.draw(2) == 0 {
			p.MaxWait = time.Duration(1+w.draw(400)) * time.Millisecond
		}
		for _, level := range []boostd.Level{0, 2, 9} {
			if int(level) < levels && w.draw(3) == 0 {
				p.MinShare = append(p.MinShare, Share{level, 1 + w.draw(30)})
			}
		}
	}
	if slots > 1 && w.draw(2) == 0 {
		if levels > 9 {
			p.Reserve = append(p.Reserve, Reserve{9, 1})
		}
		if w.draw(2) == 0 {
			p.Reserve = append(p.Reserve, Reserve{3, 1 + w.draw(slots-1)})
		}
	}
	return p
}

func (w *world) backlog(k *worldConsumer) {
	n := w.draw(5000) - 1
	if w.draw(2) == 0 {
		n = 0
	}
	if k.broker = max(n, 0); k.leaving {
		k.broker = 0
	}
	w.apply(w.core.Backlog(w.now, k.id, int64(n)))
}

// floor is the level below which nothing may start.
func (w *world) floor(pool PoolID) (floor boostd.Level) {
	policy := w.policies[pool]
	if policy.Exclusive {
		for _, m := range w.all {
			if m.of != nil && m.of.on.config.Pool == pool && (m.state == "queued" || m.state == "out") && !w.isPaused(m) {
				floor = max(floor, m.msg.Level)
			}
		}
		for _, k := range w.consumers {
			if k.config.Pool == pool && !k.config.Mixed && k.broker > 0 && !w.isPaused(&tracked{msg: &boostd.Message{Level: k.config.Level}}) {
				floor = max(floor, k.config.Level)
			}
		}
	}
	for _, r := range policy.Reserve {
		busy := 0
		for at, items := range w.out {
			if at.pool == pool && w.levelOf(at, items) < r.From {
				busy++
			}
		}
		if busy >= w.slots[pool]-r.Slots {
			floor = max(floor, r.From)
		}
	}
	return floor
}

// levelOf is the level of a slot's batch, which a recall may have emptied.
func (w *world) levelOf(at worldSlot, items []*Item) boostd.Level {
	return w.core.pools[at.pool].batches.out[at.slot].level
}

// checkChoice: the level of a dispatch is the one that the policy wants.
func (w *world) checkChoice(d Dispatch) {
	policy, floor := w.policies[d.Pool], w.floor(d.Pool)
	highest, first := None, (*tracked)(nil)
	for _, m := range w.all {
		if !w.isReady(m, d.Pool) {
			continue
		}
		highest = max(highest, m.msg.Level)
		if m.msg.Level >= floor && !w.twice(m) && (first == nil || m.msg.FetchedAt.Before(first.msg.FetchedAt)) {
			first = m
		}
	}
	if d.Level < floor {
		w.t.Fatalf("level %d was dispatched; nothing below %d may start", d.Level, floor)
	}
	waits := func(m *tracked) bool {
		return policy.MaxWait > 0 && w.now.Sub(m.msg.FetchedAt) >= policy.MaxWait
	}
	// A key may have an older message that is ready at a lower level: isReady
	// knows the higher one only.
	switch leader := w.find(d.Items[0].Message); {
	case first != nil && waits(first) && (d.Rank != Granted || leader.msg.FetchedAt.After(first.msg.FetchedAt)):
		w.t.Fatalf("%v was dispatched, rank %d; %v is overdue and was fetched first", leader.msg, d.Rank, first.msg)
	case waits(leader) && d.Rank == Granted:
	case w.order == Unordered: // otherwise a level may have only candidates whose keys are taken
		if want := w.owed(d.Pool, floor, highest); d.Level != want || (d.Rank == Granted) != (want < highest) {
			w.t.Fatalf("level %d was dispatched, rank %d; %d is owed or highest, %d ready, credits %v", d.Level, d.Rank, want, highest, policy.credit)
		}
	case d.Rank != Granted && d.Level < highest:
		w.t.Fatalf("level %d was dispatched while level %d is ready", d.Level, highest)
	case d.Rank == Granted && !slices.ContainsFunc(policy.MinShare, func(s Share) bool { return s.Level == d.Level }):
		w.t.Fatalf("level %d was dispatched before higher ones, and nothing is owed to it", d.Level)
	}
	w.account(d)
}

// twice reports whether the same message is queued a second time, by another
// consumer's assignment: then one waits for the other.
func (w *world) twice(m *tracked) bool {
	return slices.ContainsFunc(w.all, func(o *tracked) bool {
		return o != m && sameLock(o, m) && o.state == "queued" && o.msg.Offset == m.msg.Offset
	})
}

// owed is the level that goes next among those that are not overdue.
func (w *world) owed(pool PoolID, floor, highest boostd.Level) boostd.Level {
	at, most := highest, 99
	for level := boostd.Level(worldMost - 1); level >= 0; level-- {
		credit, has := w.policies[pool].credit[level]
		ready := slices.ContainsFunc(w.all, func(m *tracked) bool { return m.msg.Level == level && w.isReady(m, pool) })
		if has && credit > most && level >= floor && ready {
			at, most = level, credit
		}
	}
	return at
}

// account is the credit of each share after a dispatch.
func (w *world) account(d Dispatch) {
	p := w.policies[d.Pool]
	for _, s := range p.MinShare {
		ready := slices.ContainsFunc(w.all, func(m *tracked) bool { return m.msg.Level == s.Level && w.isReady(m, d.Pool) })
		credit := p.credit[s.Level]
		if ready {
			credit += s.Percent * len(d.Items)
		} else {
			credit = min(credit, 0)
		}
		if s.Level == d.Level {
			credit = max(credit-100*len(d.Items), -100*len(d.Items))
		}
		p.credit[s.Level] = credit
	}
}

// noteHandedBack gives credit back for what was dispatched and doesn't count.
func (w *world) noteHandedBack(pool PoolID, items []*Item) {
	p := w.policies[pool]
	for _, i := range items {
		level := i.Message.Level
		if credit, has := p.credit[level]; has && (i.StartedAt.IsZero() || i.Preempted) {
			p.credit[level] = min(credit+100, 100)
		}
	}
}

// checkPreempt: the slot works for a lower level, has for a slice, and a message
// that is ready finds none.
func (w *world) checkPreempt(p Preempt) {
	at := worldSlot{p.Pool, p.Slot}
	batch, pool := w.core.pools[p.Pool].batches.out[p.Slot], w.core.pools[p.Pool]
	if w.out[at] == nil || w.preempted[at] || !pool.config.Preemptible {
		w.t.Fatalf("slot %v, with %d items, was preempted, before %v", at, len(w.out[at]), w.preempted[at])
	}
	w.preempted[at] = true
	floor, waits := w.floor(p.Pool), false
	for _, m := range w.all {
		waits = waits || w.isReady(m, p.Pool) && m.msg.Level > batch.level
	}
	free := pool.usable() > 0 && pool.ready.highest() >= floor
	if !waits && w.order == Unordered || free || batch.rank == Granted || w.now.Sub(batch.at) < DefaultSlice {
		w.t.Fatalf("a batch of level %d, rank %d, out for %v was preempted, and %v waits for it", batch.level, batch.rank, w.now.Sub(batch.at), waits)
	}
}
