package scheduler

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// What changes the oracle's world while it runs, as new settings do.

// worldMost is the most levels that there ever are, worldLeast the fewest.
const worldMost, worldLeast = 14, 4

// worldSlots is the most that a pool ever has.
const worldSlots = 6

func (w *world) consumer(id ConsumerID) *worldConsumer {
	for _, k := range w.consumers {
		if k.id == id {
			return k
		}
	}
	w.t.Fatalf("there is no consumer %d", id)
	return nil
}

func (w *world) change(k *worldConsumer) {
	switch w.draw(6) {
	case 0, 1:
		w.reconfigure(worldLeast + w.draw(worldMost-worldLeast+1))
	case 2:
		w.join()
	case 3:
		w.setConsumer(k)
	case 4:
		w.leave(k)
	case 5:
		w.remove(k)
	}
}

// reconfigure changes the number of levels, and some of the pools.
func (w *world) reconfigure(levels int) {
	w.levels = levels
	var all []PoolChange
	for pool, p := range w.policies {
		policy, config := p.Policy, w.core.pools[pool].config
		if w.draw(4) == 0 {
			w.slots[pool] = 1 + w.draw(worldSlots)
		}
		if w.draw(4) == 0 {
			w.attempts[pool], config.Preemptible = 1+w.draw(4), w.draw(2) == 0
		}
		config.Retry.Attempts = w.attempts[pool]
		if w.draw(2) == 0 || len(policy.Validate(w.slots[pool], w.levels)) > 0 {
			policy = w.drawPolicy(w.slots[pool], w.levels)
		}
		if !policy.equal(p.Policy) {
			w.policies[pool] = newWorldPolicy(policy)
		}
		all = append(all, PoolChange{w.slots[pool], config.Retry, policy, config.Preemptible, config.Batch})
	}
	for _, k := range w.consumers {
		k.config.Level = min(k.config.Level, boostd.Level(w.levels-1))
	}
	e, err := w.core.Reconfigure(w.now, w.levels, all)
	if err != nil {
		w.t.Fatal(err)
	}
	w.apply(e)
}

// resize notes which slots there are. Each comes and goes once, and goes empty.
func (w *world) resize(e *Effects) {
	for _, s := range e.Opened {
		at := worldSlot{s.Pool, s.Slot}
		if w.there[at] || s.Slot >= w.slots[s.Pool] {
			w.t.Fatalf("slot %v is opened, of %d; it was there: %v", at, w.slots[s.Pool], w.there[at])
		}
		w.there[at] = true
	}
	for _, s := range e.Closed {
		at := worldSlot{s.Pool, s.Slot}
		if !w.there[at] || w.out[at] != nil || s.Slot < w.slots[s.Pool] {
			w.t.Fatalf("slot %v is closed, of %d; it was there: %v, with %d items", at, w.slots[s.Pool], w.there[at], len(w.out[at]))
		}
		delete(w.there, at)
	}
	for at := range w.there {
		if at.slot >= w.slots[at.pool] && w.out[at] == nil {
			w.t.Fatalf("slot %v is still there, of %d, and has nothing", at, w.slots[at.pool])
		}
	}
}

// join adds a consumer of one of the topics.
func (w *world) join() {
	if len(w.consumers) < 8 {
		name := []string{"base", "high", "low", "other"}[w.draw(4)]
		pool, level := PoolID(0), boostd.Level(w.draw(w.levels))
		switch name {
		case "other":
			pool = 1
		case "base":
			level = 0
		}
		w.addConsumer(name, pool, level, name == "base")
	}
	w.tick()
}

func (w *world) setConsumer(k *worldConsumer) {
	if !k.config.Mixed {
		k.config.Level = boostd.Level(w.draw(w.levels))
	}
	e, err := w.core.SetConsumer(w.now, k.id, k.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.apply(e)
}

func (w *world) leave(k *worldConsumer) {
	k.leaving, k.broker = true, 0
	for _, a := range k.open {
		a.closed = true
		w.drop(a)
	}
	w.apply(w.core.Leave(w.now, k.id))
}

// remove ends a consumer; nobody is told of its messages any more.
func (w *world) remove(k *worldConsumer) {
	if len(w.consumers) < 3 || !k.left && w.draw(2) == 0 {
		w.tick()
		return
	}
	k.gone = true
	w.consumers = slices.DeleteFunc(w.consumers, func(o *worldConsumer) bool { return o == k })
	for _, a := range k.open {
		a.closed = true
	}
	for _, m := range w.all {
		if m.of != nil && m.of.on == k && (m.state == "queued" || m.state == "backoff") {
			m.state, m.settled = "gone", 1
		}
	}
	w.apply(w.core.RemoveConsumer(w.now, k.id))
}

// forgetGone ends items, which come back, of consumers that were removed.
func (w *world) forgetGone(items []*Item) {
	for _, i := range items {
		if m := w.find(i.Message); m.of.on.gone {
			m.state, m.settled = "gone", 1
		}
	}
}

// hasAny reports whether something of the consumer is here.
func (w *world) hasAny(k *worldConsumer) bool {
	return slices.ContainsFunc(w.all, func(m *tracked) bool { return m.state != "gone" && m.of != nil && m.of.on == k })
}

// checkMembers: the core knows the consumers that there are, and the gate has none
// of those that are given up.
func (w *world) checkMembers(s Status) {
	if len(s.Consumers) != len(w.consumers) {
		w.t.Fatalf("status has %d consumers, there are %d", len(s.Consumers), len(w.consumers))
	}
	paused := make([]int, len(w.slots))
	for n, k := range w.consumers {
		if got := s.Consumers[n]; got.Name != k.config.Name || got.Level != k.config.Level {
			w.t.Fatalf("status has %s, level %d; want %s, level %d", got.Name, got.Level, k.config.Name, k.config.Level)
		}
		if k.leaving && !k.left && !w.hasAny(k) {
			w.t.Fatalf("nothing is left of %s, and the core doesn't say so", k.config.Name)
		}
		if s.Consumers[n].State == Paused && !k.leaving {
			paused[k.config.Pool]++
		}
	}
	for id, p := range w.core.pools {
		if p.paused != paused[id] {
			w.t.Fatalf("pool %d counts %d paused consumers, there are %d", id, p.paused, paused[id])
		}
		for _, l := range s.Pools[id].Levels {
			if int(l.Level) >= w.levels && l.Queued+l.InFlight == 0 {
				w.t.Fatalf("status shows level %d, of which nothing is left", l.Level)
			}
		}
	}
	for _, k := range w.core.gated.all {
		if k.leaving {
			w.t.Fatalf("the gate still looks at %s", k.config.Name)
		}
	}
}
