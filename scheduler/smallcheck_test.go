package scheduler

import (
	"slices"

	"github.com/kafkaboost/boostd"
)

// both tells the naive scheduler what the core was told, and compares what the two
// make of it. Recalls are answered at once, as the actors do.
func (w *small) both(e *Effects, tell func()) {
	n := &w.naive
	w.calls++
	n.begin(w.now)
	tell()
	n.step()
	w.recalls = append(w.recalls, n.said.recalls...)
	if len(w.recalls) == 0 { // free slots wait for what is recalled
		n.proof.rest(n)
	}
	w.compare(e)
	if len(w.recalls) > 0 && !w.answering {
		w.answering = true
		for len(w.recalls) > 0 {
			at := w.recalls[0]
			w.recalls = slices.Delete(w.recalls, 0, 1)
			w.giveBack(at)
		}
		w.answering = false
	}
}

// giveBack answers a recall with a part of the slot's batch.
func (w *small) giveBack(at naiveRecall) {
	b, items := &w.naive.pools[at.pool].batches[at.slot], w.batches[at.pool][at.slot]
	started := w.draw(len(items) + 1)
	if !at.all {
		started = max(started, 1)
	}
	w.results = w.results[:0]
	for _, m := range b.items[started:] {
		w.results = append(w.results, naiveResult{m: m})
	}
	b.items, w.batches[at.pool][at.slot] = b.items[:started], items[:started]
	w.both(w.core.Recalled(w.time(), PoolID(at.pool), items[started:]), func() { w.naive.recalled(at.pool, w.results) })
}

// compare holds what the core asks for against what the naive scheduler says.
func (w *small) compare(e *Effects) {
	n, s := &w.naive, &w.naive.said
	if n.proof.wrong != "" {
		w.fail("%s", n.proof.wrong)
	}
	w.count()
	w.compareRuns(e.Dispatches, s.runs)
	w.compareSlots(e)
	w.compareHeld(e.Held)
	w.compareEnds(e.Settled)
	w.compareBurials(e.Burials)
	w.compareDrained(e.Drained)
	w.compareLeft(e.Left)
	switch {
	case e.Started != s.started:
		w.fail("started %v, want %v", e.Started, s.started)
	case !e.Wake.IsZero() && e.Wake.UnixNano() <= w.now:
		w.fail("the core wants to be called at a time that is over")
	case s.wake != 0 && (e.Wake.IsZero() || e.Wake.UnixNano() > s.wake):
		w.fail("the core wants to be called at %v, want %v", e.Wake.UnixNano(), s.wake)
	case e.Idle != w.idle():
		w.fail("idle %v, want %v", e.Idle, w.idle())
	}
	for pool := range n.pools {
		if got, want := w.core.Waiting(PoolID(pool)), n.wanted(pool); got != want {
			w.fail("a slot of pool %d is wanted for level %d, want %d", pool, got, want)
		}
		if got, want := w.core.Overtakes(PoolID(pool), 0), n.overtakes(pool); got != want {
			w.fail("pool %d: overtakes %v, want %v", pool, got, want)
		}
	}
	w.compareWindows()
	w.compareOpen()
}

// count notes what has happened, lest the worlds become too quiet to prove anything.
func (w *small) count() {
	s := &w.naive.said
	w.seen.recalls += len(s.recalls)
	w.seen.preempts += len(s.preempts)
	w.seen.letters += len(s.burials)
	w.seen.drained += len(s.drained)
	for _, run := range s.runs {
		w.seen.batches++
		w.seen.messages += len(run.items)
		if w.naive.pools[run.pool].batches[run.slot].whole && len(run.items) > 1 {
			w.seen.whole++
		}
		switch m := run.items[0]; {
		case m.overdue:
			w.seen.overdue++
		case m.owed:
			w.seen.owed++
		}
	}
	for pool := range w.naive.pools {
		if !w.naive.choose(pool).until.IsZero() && w.naive.started {
			w.seen.filling++
		}
	}
	for _, e := range s.ends {
		if e.outcome == boostd.Retry {
			w.seen.retries++
		}
	}
}

// compareSlots: the same slots are recalled and preempted.
func (w *small) compareSlots(e *Effects) {
	s := &w.naive.said
	if len(e.Recalls) != len(s.recalls) || len(e.Preempts) != len(s.preempts) {
		w.fail("recalled %v, preempted %v; want %v and %v", e.Recalls, e.Preempts, s.recalls, s.preempts)
	}
	for at, r := range e.Recalls {
		if want := s.recalls[at]; int(r.Pool) != want.pool || r.Slot != want.slot || r.All != want.all {
			w.fail("recalled %v, want %v", e.Recalls, s.recalls)
		}
	}
	w.compareChanged("opened", e.Opened, s.opened)
	w.compareChanged("closed", e.Closed, s.closed)
	for at, p := range e.Preempts {
		if want := s.preempts[at]; int(p.Pool) != want.pool || p.Slot != want.slot {
			w.fail("preempted %v, want %v", e.Preempts, s.preempts)
		}
	}
}

func (w *small) compareRuns(core []Dispatch, naive []naiveRun) {
	if len(core) != len(naive) {
		w.fail("%d batches are dispatched, want %d", len(core), len(naive))
	}
	for at, d := range core {
		want := naive[at]
		if int(d.Pool) != want.pool || d.Slot != want.slot || d.Level != want.level || d.Rank != want.rank || d.Whole != w.naive.pools[d.Pool].batches[d.Slot].whole || len(d.Items) != len(want.items) {
			w.fail("slot %d of pool %d gets %d of level %d, rank %d; want slot %d of %d, %d of level %d, rank %d", d.Slot, d.Pool, len(d.Items), d.Level, d.Rank,
				want.slot, want.pool, len(want.items), want.level, want.rank)
		}
		for k, i := range d.Items {
			if m := want.items[k]; int(i.Message.Epoch) != m.id || i.Message.Attempt != m.attempt || i.Message.Level != m.level {
				w.fail("slot %d gets message %d, attempt %d, as its %d. of level %d; want %d, attempt %d", d.Slot, i.Message.Epoch, i.Message.Attempt, k, d.Level, m.id, m.attempt)
			}
		}
		w.batches[d.Pool][d.Slot] = d.Items
	}
}

// compareEnds: each message is settled once, as it should be, and with its consumer.
func (w *small) compareEnds(core []Settled) {
	naive := w.naive.said.ends
	for _, s := range core {
		for _, one := range s.Settlements {
			at := slices.IndexFunc(naive, func(e naiveEnd) bool {
				return e.m.id == int(one.Message.Epoch) && (e.outcome == boostd.Retry) == (one.Outcome == boostd.Retry)
			})
			if at < 0 {
				w.fail("message %d is settled as %v, and should not be", one.Message.Epoch, one.Outcome)
			}
			if want := naive[at]; want.outcome != one.Outcome || want.m.consumer != s.Consumer || want.attempts != one.Attempts || want.again != one.Again {
				w.fail("message %d is settled as %v with consumer %d, attempts %d, again %v; want %v with %d, %d, %v", one.Message.Epoch, one.Outcome, s.Consumer,
					one.Attempts, one.Again, want.outcome, want.m.consumer, want.attempts, want.again)
			}
			if one.Outcome != boostd.Retry {
				w.byID[one.Message.Epoch] = nil
			}
			naive = slices.Delete(naive, at, at+1)
		}
	}
	if len(naive) > 0 {
		w.fail("message %d is not settled, and should be as %v", naive[0].m.id, naive[0].outcome)
	}
}

func (w *small) compareBurials(core []Burial) {
	naive := w.naive.said.burials
	if len(core) != len(naive) {
		w.fail("%d are buried, want %d", len(core), len(naive))
	}
	for at, b := range core {
		if m := naive[at]; int(b.Item.Message.Epoch) != m.id || b.Attempts != m.attempt {
			w.fail("message %d is buried after %d attempts, want %d after %d", b.Item.Message.Epoch, b.Attempts, m.id, m.attempt)
		}
	}
	w.letters = append(w.letters, core...)
}

func (w *small) compareDrained(core []Drained) {
	naive := w.naive.said.drained
	for _, d := range core {
		at := slices.IndexFunc(naive, func(a naiveAsked) bool { return a.consumer == d.Consumer && slices.Equal(a.tps, d.Partitions) })
		if at < 0 {
			w.fail("%v is called drained, and is not, or was already", d.Partitions)
		}
		naive = slices.Delete(naive, at, at+1)
	}
	if len(naive) > 0 {
		w.fail("%v is drained, and the core doesn't say so", naive[0].tps)
	}
}

// compareHeld: what is given up in this step, and wasn't before, is told.
func (w *small) compareHeld(core []HeldMessage) {
	want := 0
	for _, e := range w.naive.said.ends {
		if e.outcome == boostd.Held && !e.m.held {
			want++
		}
	}
	if len(core) != want {
		w.fail("%d messages are said to be held, want %d", len(core), want)
	}
}

// compareLeft: nothing is left of them, and that is said once.
func (w *small) compareLeft(core []ConsumerID) {
	slices.Sort(core)
	if !slices.Equal(core, w.naive.said.left) {
		w.fail("consumers %v are said to have left, want %v", core, w.naive.said.left)
	}
	for at, m := range w.byID {
		if m != nil && m.state == gone {
			w.byID[at] = nil // of a consumer that was removed: nobody is told
		}
	}
}

// compareWindows: what is counted as unsettled is, and with a full window a consumer
// doesn't run (I3: the Source fetches what the window has room for, no more).
func (w *small) compareWindows() {
	if len(w.core.consumers) != len(w.consumers) {
		w.fail("there are %d consumers, want %d", len(w.core.consumers), len(w.consumers))
	}
	for at, k := range w.core.consumers {
		id, unsettled, failed := w.consumers[at].id, 0, w.failed(k.id)
		for _, m := range w.naive.all {
			if m.consumer == id {
				unsettled++
			}
		}
		used, level := unsettled-min(failed, smallWindow), w.naive.members[id].level
		switch {
		case k.id != id || k.config.Mixed != (level == None) || level != None && k.config.Level != level:
			w.fail("consumer %d has level %d, want consumer %d and %d", k.id, k.config.Level, id, level)
		case k.unsettled != unsettled || k.failed != failed:
			w.fail("consumer %d has %d unsettled, %d failed; want %d and %d", id, k.unsettled, k.failed, unsettled, failed)
		case used > smallWindow || unsettled > 2*smallWindow:
			w.fail("consumer %d has %d unsettled, %d of them failed: its window is %d", id, unsettled, failed, smallWindow)
		case !w.naive.draining && !w.naive.members[id].leaving && used == smallWindow && k.gate.state == Run:
			w.fail("consumer %d runs, and its window is full", id)
		}
	}
}

func (w *small) idle() bool {
	for _, p := range w.naive.pools {
		if p.busyBelow(MaxLevels) > 0 {
			return false
		}
	}
	return w.naive.draining && len(w.naive.all) == 0
}

// end drains the world: everything is settled, and nothing is left behind.
func (w *small) end() {
	w.both(w.core.Drain(w.time()), func() {
		w.naive.draining = true
		for _, m := range w.naive.all {
			if m.life != nil {
				m.life.closed = true
			}
		}
		for _, parts := range w.owner {
			for _, life := range parts {
				if life != nil {
					life.closed = true
				}
			}
		}
		w.naive.release()
	})
	for range 50 {
		for _, k := range w.consumers {
			w.fetch(k)
		}
		w.assign(w.consumers[w.draw(len(w.consumers))])
	}
	for !w.idle() {
		w.steps++
		w.finish()
		w.bury()
	}
	for _, p := range w.core.pools {
		if len(p.isBusy) != p.config.Slots || len(p.free) != p.config.Slots || p.surplus != 0 {
			w.fail("%d places for %d slots, %d of them free, %d to end", len(p.isBusy), p.config.Slots, len(p.free), p.surplus)
		}
		if p.config.Levels != w.naive.levels {
			w.fail("there are %d levels, want %d", p.config.Levels, w.naive.levels)
		}
		if len(p.locks.byID) > 0 {
			w.fail("%d locks were left behind", len(p.locks.byID))
		}
		for at := range p.levels {
			if l := &p.levels[at]; l.queued+l.inFlight+l.backoff+l.ready.len > 0 {
				w.fail("level %d has something left: %+v", at, l)
			}
			for name, topic := range p.levels[at].ready.topics {
				if len(topic.tenants) > 0 {
					w.fail("%d tenants of %s are remembered, and none has messages", len(topic.tenants), name)
				}
			}
		}
	}
}
