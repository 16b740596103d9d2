package scheduler

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// What changes the small world while it runs, as new settings do.

const smallMost = 6 // consumers

func (w *small) change() {
	at := w.draw(len(w.consumers))
	for n, k := range w.consumers {
		if w.naive.members[k.id].left && w.draw(2) == 0 {
			at = n
		}
	}
	k := w.consumers[at]
	switch w.draw(8) {
	case 0, 1:
		w.reconfigure(max(1, smallLevels-w.draw(smallLevels)*w.draw(2)-w.draw(2)))
	case 2, 3:
		w.join()
	case 4:
		w.setConsumer(k)
	case 5:
		w.leave(k)
	case 6:
		if len(w.consumers) > 1 && (w.naive.members[k.id].left || w.draw(2) == 0) {
			w.remove(at)
		}
	case 7:
		w.late()
	}
}

// refused: the core says so, and the next steps see that nothing has changed.
func (w *small) refused(err error) {
	if err == nil {
		w.fail("the core takes what doesn't fit")
	}
}

// reconfigure changes the number of levels together with some of the pools.
func (w *small) reconfigure(levels int) {
	var all []PoolChange
	var changed []*Policy
	for _, p := range w.naive.pools {
		c := w.drawChange(p.config, levels)
		all, changed = append(all, c), append(changed, nil)
		if !c.Policy.equal(p.config.Policy) {
			changed[len(changed)-1] = &c.Policy // only then its credits begin anew
		}
	}
	if w.draw(4) == 0 {
		w.misfit(levels, all)
		return
	}
	e, err := w.core.Reconfigure(w.time(), levels, all)
	if err != nil {
		w.fail("%v", err)
	}
	w.seen.reconfigured++
	w.both(e, func() { w.naive.reconfigure(levels, all, changed) })
	for _, p := range w.naive.pools {
		for slot := p.config.Slots; slot < len(p.batches); slot++ {
			if p.batches[slot].busy {
				w.seen.resized++
			}
		}
	}
}

// drawChange changes about half of what there is to change.
func (w *small) drawChange(old PoolConfig, levels int) PoolChange {
	c := PoolChange{old.Slots, old.Retry, old.Policy, old.Preemptible, old.Batch}
	if w.draw(2) == 0 {
		c.Slots = 1 + w.draw(smallSlots)
	}
	if w.draw(4) == 0 {
		c.Retry.Attempts, c.Preemptible = 1+w.draw(4), w.draw(2) == 0
	}
	if w.draw(4) == 0 {
		c.Batch = w.drawBatch()
	}
	if w.draw(2) == 0 || len(c.Policy.Validate(c.Slots, levels)) > 0 {
		c.Policy = w.drawPolicy(c.Slots, levels)
	}
	return c
}

// misfit asks for what can't be, of which the last pool is a part.
func (w *small) misfit(levels int, all []PoolChange) {
	last := &all[len(all)-1]
	switch w.draw(7) {
	case 0:
		levels = 0
	case 1:
		levels = MaxLevels + 1
	case 2:
		all = all[1:]
	case 3:
		last.Policy.Reserve = []Reserve{{boostd.Level(levels), 1}}
	case 4:
		last.Slots, last.Policy = 0, Policy{}
	case 5:
		last.Retry.Attempts = 0
	case 6:
		last.Batch = Batch{Max: 1, Wait: 1}
	}
	_, err := w.core.Reconfigure(w.time(), levels, all)
	w.refused(err)
}

// join adds a consumer, which may get partitions that another one gives away.
func (w *small) join() {
	if len(w.consumers) == smallMost {
		return
	}
	topic, level := w.draw(len(smallTopics)), None
	pool := topic / 2
	if pool >= len(w.naive.pools) {
		return
	}
	if w.draw(2) == 0 {
		level = boostd.Level(w.draw(w.naive.levels))
	}
	w.addConsumer(pool, topic, level)
	w.both(w.core.Tick(w.time()), func() {})
}

// setConsumer changes its level, and the order of what it will read.
func (w *small) setConsumer(k smallConsumer) {
	config, level := w.core.consumer(k.id).config, boostd.Level(w.draw(w.naive.levels))
	if config.Mixed {
		level = 0
	}
	wrong := config
	switch wrong.Level = level; w.draw(8) {
	case 0:
		wrong.Level = boostd.Level(w.naive.levels)
	case 1:
		wrong.Mixed = !config.Mixed
	case 2:
		wrong.Pool++
	case 3:
		wrong.Window.Messages++
	default:
		order := Order(w.draw(3))
		config.Level, config.Orders = level, map[string]Order{smallTopics[k.topic]: order}
		e, err := w.core.SetConsumer(w.time(), k.id, config)
		if err != nil {
			w.fail("%v", err)
		}
		w.both(e, func() {
			w.naive.members[k.id].order = order
			if !config.Mixed {
				w.naive.setLevel(k.id, level)
			}
		})
		return
	}
	_, err := w.core.SetConsumer(w.time(), k.id, wrong)
	w.refused(err)
}

func (w *small) leave(k smallConsumer) {
	if w.naive.members[k.id].leaving {
		w.both(w.core.Leave(w.time(), k.id), func() {})
		return
	}
	w.close(k)
	w.both(w.core.Leave(w.time(), k.id), func() { w.naive.leave(k.id) })
}

// close closes the consumer's partitions, which stay its own.
func (w *small) close(k smallConsumer) {
	for _, life := range w.owner[k.topic] {
		if life != nil && life.on == k.id {
			life.closed = true
		}
	}
}

func (w *small) remove(at int) {
	k := w.consumers[at]
	w.close(k)
	for part, life := range w.owner[k.topic] {
		if life != nil && life.on == k.id {
			w.owner[k.topic][part] = nil
		}
	}
	w.consumers = slices.Delete(w.consumers, at, at+1)
	w.gone = append(w.gone[:min(len(w.gone), 3)], k.id)
	w.seen.removed++
	for _, m := range w.naive.all {
		if m.consumer == k.id && (m.state == out || m.state == burying) {
			w.seen.stranded++
		}
	}
	w.both(w.core.RemoveConsumer(w.time(), k.id), func() { w.naive.remove(k.id) })
}

// late says something of a consumer that was removed: it changes nothing.
func (w *small) late() {
	if len(w.gone) == 0 {
		return
	}
	id, now := w.gone[w.draw(len(w.gone))], w.time()
	tps := []boostd.TopicPartition{{Topic: smallTopics[w.draw(2)]}}
	var e *Effects
	switch w.draw(8) {
	case 0:
		e = w.core.Fetched(now, id, []boostd.Message{{Topic: tps[0].Topic, FetchedAt: now}})
	case 1:
		e = w.core.Assigned(now, id, tps)
	case 2:
		e = w.core.Revoking(now, id, tps)
	case 3:
		e = w.core.Lost(now, id, tps)
	case 4:
		e = w.core.Backlog(now, id, 7)
	case 5:
		e = w.core.CaughtUp(now, id)
	case 6:
		e = w.core.Leave(now, id)
	default:
		e = w.core.RemoveConsumer(now, id)
	}
	w.both(e, func() {})
	if _, err := w.core.SetConsumer(now, id, ConsumerConfig{}); err == nil {
		w.fail("a consumer that is gone was changed")
	}
}
