package scheduler

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// step lets one random thing happen in the small world.
func (w *small) step() {
	w.steps++
	switch w.draw(40) {
	case 0, 1:
		w.now += int64(time.Duration(w.draw(20_000)) * time.Microsecond)
	case 2:
		if w.draw(10) == 0 {
			w.now += int64(time.Duration(1+w.draw(4)) * time.Second)
		}
	default:
		w.now += int64(time.Duration(w.draw(500)) * time.Microsecond)
	}
	if w.draw(500) == 0 || w.restless && w.draw(40) == 0 {
		w.change()
		return
	}
	k := w.consumers[w.draw(len(w.consumers))]
	switch at := w.draw(100); {
	case at < 35:
		w.fetch(k)
	case at < 80:
		if w.draw(100) >= w.lazy {
			w.finish()
		}
	case at < 84:
		w.bury()
	case at < 90:
		w.assign(k)
	case at < 92:
		w.giveAway(k)
	case at < 94:
		w.byHand()
	case at < 95:
		if w.draw(4) == 0 {
			w.reconfigure(w.naive.levels)
		}
	case at < 97:
		w.backlog(k)
		w.groupWork()
	case at < 98:
		w.both(w.core.CaughtUp(w.time(), k.id), func() { w.naive.members[k.id].missing = false })
	default:
		w.both(w.core.Tick(w.time()), func() {})
	}
}

func (w *small) fetch(k smallConsumer) {
	room, part := smallWindow, int32(w.draw(2))
	for _, m := range w.naive.all {
		if m.consumer == k.id {
			room--
		}
	}
	room += min(w.failed(k.id), smallWindow)
	count := min(1+w.draw(4), room, smallFull-len(w.naive.all))
	life := w.owner[k.topic][part]
	if life != nil && life.on != k.id || life == nil && w.draw(10) > 0 || count <= 0 {
		return
	}
	batch, told := make([]boostd.Message, 0, 4), make([]*naiveMessage, 0, 4)
	for range count {
		m := w.newMessage(k, part, life)
		told = append(told, m)
		b := boostd.Message{Topic: smallTopics[k.topic], Partition: part, Epoch: uint32(m.id), Offset: m.offset, Level: m.level,
			Attempt: m.attempt, Held: m.held, FetchedAt: w.time()}
		switch {
		case life == nil: // it doesn't matter
		case life.order == ByKey:
			key := w.draw(4)
			if b.Key = smallKeyNames[key]; key > 0 {
				m.key = smallKeyOf[k.topic][part][key]
			}
		case life.order == ByPartition:
			m.key = smallKeyOf[k.topic][part][0]
		}
		if tenants := w.tenants[k.topic]; tenants > 0 {
			b.Tenant = uint64(1 + w.draw(tenants))
			m.flow = -int(b.Tenant)
		}
		batch = append(batch, b)
	}
	w.both(w.core.Fetched(w.time(), k.id, batch), func() {
		for _, m := range told {
			w.naive.fetched(m)
		}
	})
}

// failed is how many of a consumer's messages have failed: they have a window of
// their own.
func (w *small) failed(k ConsumerID) (failed int) {
	for _, m := range w.naive.all {
		if m.consumer == k && m.failed {
			failed++
		}
	}
	return failed
}

func (w *small) newMessage(k smallConsumer, part int32, life *naiveLife) *naiveMessage {
	id := slices.Index(w.byID[:], nil)
	m := &w.room[id]
	w.byID[id] = m
	*m = naiveMessage{id: id, pool: k.pool, consumer: k.id, life: life, level: w.naive.members[k.id].level, offset: w.next[k.topic][part], key: -1,
		topic: k.topic, part: part, fetched: w.now}
	w.next[k.topic][part] += int64(1 + w.draw(2))
	if m.level == None {
		m.level = boostd.Level(w.draw(w.spread))
	}
	if life != nil {
		m.flow = life.id
	}
	if w.draw(20) == 0 {
		m.attempt, m.held = w.draw(4), w.draw(3) == 0
	}
	return m
}

// finish returns the batch of a busy slot: a part of it was started. A handler takes
// either one message after the other, or all before it reports.
func (w *small) finish() {
	pool := w.draw(len(w.naive.pools))
	p := w.naive.pools[pool]
	slot := w.draw(len(p.batches))
	for n := 0; !p.batches[slot].busy; n++ {
		if slot = (slot + 1) % len(p.batches); n == len(p.batches) {
			return
		}
	}
	b := &p.batches[slot]
	items, takesAll, asked := w.batches[pool][slot], w.draw(4) == 0 || b.whole && w.draw(2) == 0, b.asked && w.draw(4) > 0
	stop, failing := len(items), w.draw(3) == 0
	if w.draw(4) == 0 {
		stop = w.draw(len(items) + 1)
	}
	w.results = w.results[:0]
	for n, m := range b.items {
		r := naiveResult{m: m}
		if n < stop && (takesAll || !w.follows(m)) {
			r = w.result(m, failing, asked)
			i := items[n]
			i.StartedAt, i.FinishedAt = w.time().Add(-r.took), w.time()
			i.Result = boostd.Result{Outcome: r.outcome, After: r.after}
			i.Interrupted, i.Preempted = r.interrupted, r.preempted
			if r.preempted {
				r.outcome = 0
			}
		}
		w.results = append(w.results, r)
	}
	if b.whole && takesAll {
		Void(items)
		w.void(b.items)
	}
	w.both(w.core.Finished(w.time(), PoolID(pool), slot, items), func() { w.naive.finished(pool, slot, w.results) })
}

// void lets nothing count that a handler took together with an earlier message of the
// key that comes again.
func (w *small) void(items []*naiveMessage) {
	var again [smallKeys]bool
	for n := range w.results {
		switch r := &w.results[n]; {
		case r.m.key < 0 || r.took == 0:
		case again[r.m.key]:
			r.outcome = 0
			w.seen.void++
		default:
			again[r.m.key] = r.preempted || r.outcome != boostd.Done && (r.interrupted || r.outcome == boostd.Retry && !items[n].last)
		}
	}
}

// follows reports whether an earlier message of the same key has failed in its batch.
func (w *small) follows(m *naiveMessage) bool {
	return slices.ContainsFunc(w.results, func(r naiveResult) bool {
		return m.key >= 0 && r.m.key == m.key && r.outcome != boostd.Done
	})
}

func (w *small) result(m *naiveMessage, failing, asked bool) naiveResult {
	r := naiveResult{m: m, outcome: boostd.Done, took: time.Duration(1+w.draw(3000)) * time.Microsecond}
	if failing && w.draw(2) == 0 {
		r.outcome = boostd.Dead
		if w.draw(4) > 0 {
			w.retries++ // no two retries are due at once
			r.outcome, r.after = boostd.Retry, time.Duration(w.draw(30_000))*time.Microsecond+time.Duration(w.retries%1000)
		}
		r.interrupted = w.naive.draining && w.draw(2) == 0
	}
	if asked && w.draw(2) == 0 {
		r.outcome, r.preempted = boostd.Retry, true
	}
	return r
}

// bury answers a burial: the letter is written, or refused for good.
func (w *small) bury() {
	if len(w.letters) == 0 {
		return
	}
	at := w.draw(len(w.letters))
	letter, refused := w.letters[at], ""
	w.letters = slices.Delete(w.letters, at, at+1)
	if w.draw(3) == 0 {
		refused = "too large"
	}
	m := w.byID[letter.Item.Message.Epoch]
	w.both(w.core.Buried(w.time(), letter.Item, refused), func() { w.naive.buried(m, refused != "") })
}

func (w *small) assign(k smallConsumer) {
	part := w.draw(2)
	if w.owner[k.topic][part] != nil {
		return
	}
	w.lives++
	tp := boostd.TopicPartition{Topic: smallTopics[k.topic], Partition: int32(part)}
	life := &naiveLife{id: w.lives, tp: tp, on: k.id, order: w.naive.members[k.id].order, closed: w.naive.draining || w.naive.members[k.id].leaving}
	w.owner[k.topic][part] = life
	w.next[k.topic][part] -= int64(min(w.draw(4), int(w.next[k.topic][part]))) // what wasn't committed comes again
	w.both(w.core.Assigned(w.time(), k.id, []boostd.TopicPartition{tp}), func() {
		n := &w.naive
		if n.began == 0 {
			n.began = w.now
		}
		n.asked = slices.DeleteFunc(n.asked, func(a naiveAsked) bool { return a.consumer == k.id && slices.Contains(a.tps, tp) })
	})
}

// giveAway ends the assignment of one or both partitions of a consumer.
func (w *small) giveAway(k smallConsumer) {
	lost, both, at := w.draw(2) == 0, w.draw(2) == 0, w.draw(2)
	asked := naiveAsked{consumer: k.id}
	for part, life := range w.owner[k.topic] {
		if life == nil || life.on != k.id || !both && part != at {
			continue
		}
		life.closed = true
		w.owner[k.topic][part] = nil
		asked.tps, asked.lives = append(asked.tps, life.tp), append(asked.lives, life)
	}
	if len(asked.tps) == 0 {
		return
	}
	if lost {
		w.both(w.core.Lost(w.time(), k.id, asked.tps), w.naive.release)
		return
	}
	w.both(w.core.Revoking(w.time(), k.id, asked.tps), func() {
		w.naive.asked = append(w.naive.asked, asked)
		w.naive.release()
	})
}

// byHand pauses a level, or resumes one.
func (w *small) byHand() {
	level := boostd.Level(w.draw(w.naive.levels))
	if w.draw(8) == 0 {
		level = boostd.Level(w.draw(smallLevels))
	}
	if w.naive.halted[level] && w.draw(4) > 0 {
		e, _ := w.core.ResumeLevel(w.time(), level)
		w.both(e, func() { w.naive.resume(level) })
		return
	}
	until, pause := int64(0), Pause{Level: level, Since: w.time()}
	if w.draw(4) > 0 {
		until = w.now + int64(time.Duration(1+w.draw(30_000))*time.Microsecond)
		pause.Until = time.Unix(0, until)
	}
	e, err := w.core.PauseLevel(w.time(), pause)
	if int(level) >= w.naive.levels {
		w.refused(err)
		return
	}
	if err != nil {
		w.fail("%v", err)
	}
	w.both(e, func() { w.naive.pause(level, until) })
}

func (w *small) backlog(k smallConsumer) {
	n := max(0, w.draw(5000)-2500) - w.draw(2)
	w.both(w.core.Backlog(w.time(), k.id, int64(n)), func() {
		if member := &w.naive.members[k.id]; !member.leaving {
			member.waiting = max(n, 0)
		}
	})
}

// groupWork says what the other instances have to do.
func (w *small) groupWork() {
	if !w.group {
		return
	}
	pool, level := w.draw(len(w.naive.pools)), boostd.Level(w.draw(smallLevels))
	work := GroupWork{Outstanding: int64(max(0, w.draw(40)-20)), Done: int64(w.draw(3))}
	w.both(w.core.Group(w.time(), PoolID(pool), level, work), func() {
		if int(level) < w.naive.levels {
			w.naive.groupHas(pool, level, work)
		}
	})
}
