package scheduler

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kafkaboost/boostd"
)

// The oracle: what the invariants say, computed the dumb way from the flat list
// of all messages.

func TestCoreAgainstOracle(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			live(t, rand.New(rand.NewPCG(seed, 1)).IntN, 400)
		})
	}
}

// FuzzCore plays the same world with a fuzzer's bytes for dice.
func FuzzCore(f *testing.F) {
	f.Add([]byte("anything at all is a life of a world: it fetches, fails, revokes"))
	f.Fuzz(func(t *testing.T, data []byte) {
		draw := func(n int) int {
			if len(data) < 2 {
				return 0
			}
			v := int(binary.LittleEndian.Uint16(data)) % n
			data = data[2:]
			return v
		}
		live(t, draw, min(len(data)/8, 500))
	})
}

func live(t testing.TB, draw func(int) int, steps int) {
	w := newWorld(t, draw)
	for range steps {
		w.step()
	}
	w.end()
}

// apply checks what a call of the core asks for, and does it; recalls at once.
func (w *world) apply(e *Effects) {
	recalls := append([]Recall(nil), e.Recalls...)
	w.effects(e)
	for len(recalls) > 0 {
		r := recalls[0]
		e := w.core.Recalled(w.now, r.Pool, w.recall(worldSlot{r.Pool, r.Slot}))
		recalls = append(recalls[1:], e.Recalls...)
		w.effects(e)
	}
}

// recall takes a part of a slot's batch that its worker has not started.
func (w *world) recall(at worldSlot) []*Item {
	items := w.out[at]
	if len(items) < 2 || w.recalled[at] {
		w.t.Fatalf("recalled %d items of slot %v, recalled before: %v", len(items), at, w.recalled[at])
	}
	w.recalled[at] = true
	n := w.draw(len(items) + 1)
	w.noteHandedBack(at.pool, items[n:])
	for _, i := range items[n:] {
		m := w.find(i.Message)
		m.state = "queued"
		if m.of.closed {
			m.state = "dropped"
		}
	}
	w.forgetGone(items[n:])
	w.out[at] = items[:n]
	return items[n:]
}

func (w *world) effects(e *Effects) {
	w.expire()
	for _, m := range w.all { // retries that were due in this step
		if m.state == "backoff" && !w.inBackoff(m) {
			m.state = "queued"
		}
	}
	w.resize(e)
	for _, d := range e.Dispatches {
		at := worldSlot{d.Pool, d.Slot}
		if !w.there[at] || w.busy(d.Pool) >= w.slots[d.Pool] {
			w.t.Fatalf("slot %v was given a batch, there: %v; %d of %d are busy", at, w.there[at], w.busy(d.Pool), w.slots[d.Pool])
		}
		if w.out[at] != nil {
			w.t.Fatalf("slot %v was given a second batch", at)
		}
		w.checkDispatch(d)
		w.checkChoice(d)
		w.checkRecalled(d)
		w.out[at] = d.Items
		delete(w.recalled, at)
		for _, i := range d.Items {
			m := w.find(i.Message)
			m.state = "out"
		}
	}
	for _, p := range e.Preempts {
		w.checkPreempt(p)
	}
	for _, s := range e.Settled {
		for _, one := range s.Settlements {
			w.checkSettlement(s.Consumer, one)
		}
		w.core.Reuse(s)
	}
	for _, b := range e.Burials {
		if m := w.find(b.Item.Message); m.state != "burying" || b.Attempts != m.tried {
			w.t.Fatalf("%v is buried while %s, after %d attempts", m.msg, m.state, b.Attempts)
		}
		w.burials = append(w.burials, b)
	}
	for _, d := range e.Drained {
		w.checkDrained(d)
	}
	for _, f := range e.Flows {
		w.checkFlow(f)
	}
	for _, id := range e.Left {
		k := w.consumer(id)
		if !k.leaving || k.left || w.hasAny(k) {
			w.t.Fatalf("%s is said to have left", k.config.Name)
		}
		k.left = true
	}
	if !e.Wake.IsZero() && !e.Wake.After(w.now) {
		w.t.Fatalf("wants to be called at %v, and it is %v", e.Wake, w.now)
	}
}

func (w *world) inBackoff(m *tracked) bool {
	for _, i := range w.core.retries {
		if w.find(i.Message) == m {
			return true
		}
	}
	return false
}

func (w *world) checkSettlement(id ConsumerID, s boostd.Settlement) {
	m := w.find(s.Message)
	if s.Outcome == boostd.Retry {
		if s.Attempts != m.tried || s.Again != m.told || m.settled > 0 {
			w.t.Fatalf("%v is said to have failed %d times, again %v; tried %d", m.msg, s.Attempts, s.Again, m.tried)
		}
		m.told = true
		return
	}
	m.settled++
	switch {
	case s.Again != m.told:
		w.t.Fatalf("%v was settled, again %v", m.msg, s.Again)
	case m.settled > 1:
		w.t.Fatalf("%v was settled twice", m.msg)
	case m.of != nil && m.of.on.id != id:
		w.t.Fatalf("%v was settled with another consumer", m.msg)
	case m.state == "dropped" && s.Outcome != boostd.Released, m.state != "dropped" && m.state != "ended":
		w.t.Fatalf("%v was settled as %v while %s", m.msg, s.Outcome, m.state)
	}
	m.state = "gone"
}

// checkDrained: only what was asked for, once, and nothing of it is here.
func (w *world) checkDrained(d Drained) {
	k := w.consumer(d.Consumer)
	for n, a := range k.asked {
		if a.tp == d.Partitions[0] {
			if w.has(a) {
				w.t.Fatalf("%v was called drained with work left", a.tp)
			}
			k.asked = append(k.asked[:n], k.asked[n+1:]...)
			return
		}
	}
	w.t.Fatalf("nobody waits for %v", d.Partitions)
}

func (w *world) has(a *assignment) bool {
	for _, m := range w.all {
		if (m.state == "out" || m.state == "queued" || m.state == "burying") && m.of == a {
			return true
		}
	}
	return false
}

// checkFlow: at most one pause and one resume in two seconds, in turn.
func (w *world) checkFlow(f FlowChange) {
	k := w.consumer(f.Consumer)
	paused := f.State == Paused
	if paused == k.paused {
		w.t.Fatalf("%s was told %v twice", k.config.Name, f.State)
	}
	byHand := f.Reason.Kind == ByHand || f.Reason.Kind == GivenUp || k.byHand && !paused
	if k.leaving != (f.Reason.Kind == GivenUp) {
		w.t.Fatalf("%s was told %v because %v, given up: %v", k.config.Name, f.State, f.Reason, k.leaving)
	}
	if last := k.ordered[paused]; w.now.Sub(last) < dwell && !byHand {
		w.t.Fatalf("%s was told %v at %v and at %v", k.config.Name, f.State, last, w.now)
	}
	if w.draining {
		w.t.Fatalf("%s was told %v while draining", k.config.Name, f.State)
	}
	k.paused, k.ordered[paused], k.byHand = paused, w.now, paused && byHand
}

// checkDispatch holds one dispatch against the flat list: nothing of a higher
// level is ready (I2), and no order is broken.
func (w *world) checkDispatch(d Dispatch) {
	mine := map[*tracked]bool{}
	for _, i := range d.Items {
		m := w.find(i.Message)
		mine[m] = true
		if w.isPaused(m) {
			w.t.Fatalf("%v was dispatched although level %d is paused by hand", m.msg, d.Level)
		}
		if m.state != "queued" || i.Message.Level != d.Level || m.of.on.config.Pool != d.Pool {
			w.t.Fatalf("%v of level %d, %s, was dispatched as level %d of pool %d", m.msg, m.msg.Level, m.state, d.Level, d.Pool)
		}
		if i.Message.Attempt != m.tried+1 {
			w.t.Fatalf("%v is called attempt %d after %d", m.msg, i.Message.Attempt, m.tried)
		}
	}
	for n, i := range d.Items {
		m := w.find(i.Message)
		follows := slices.ContainsFunc(d.Items[:n], i.Follows)
		if i.ReadyAt.IsZero() != follows || i.ReadyAt.After(w.now) || !follows && i.ReadyAt.Before(m.msg.FetchedAt) {
			w.t.Fatalf("%v is ready at %v, at %v, behind another of its key: %v", m.msg, i.ReadyAt, w.now, follows)
		}
		if k := w.kept[m.lock]; !follows && m.locked && !k.excuses(m) && i.ReadyAt.Before(k.at) {
			w.t.Fatalf("%v is ready at %v, and its key was taken at %v", m.msg, i.ReadyAt, k.at)
		}
		for _, o := range w.all {
			if o == m || !sameLock(o, m) {
				continue
			}
			if !mine[o] && (o.state == "out" || o.state == "backoff") {
				w.t.Fatalf("%v was dispatched while %v of its key is %s", m.msg, o.msg, o.state)
			}
			if o.of == m.of && o.state == "queued" && o.msg.Level == d.Level && o.msg.Offset < m.msg.Offset && !mine[o] {
				w.t.Fatalf("%v was dispatched before %v of its key", m.msg, o.msg)
			}
		}
		for _, before := range d.Items[:n] {
			if b := w.find(before.Message); b.of == m.of && sameLock(b, m) && b.msg.Offset > m.msg.Offset {
				w.t.Fatalf("%v stands before %v in its batch", b.msg, m.msg)
			}
		}
	}
}

// checkRecalled: nothing lower starts while a worker may have something higher
// that it has not started.
func (w *world) checkRecalled(d Dispatch) {
	for at, items := range w.out {
		if at.pool == d.Pool && len(items) > 1 && items[0].Message.Level > d.Level && !w.recalled[at] && d.Rank != Granted {
			w.t.Fatalf("level %d was dispatched before %d items of level %d were recalled", d.Level, len(items), items[0].Message.Level)
		}
	}
}

// isReady is the definition: queued for that pool, and nothing of its key runs,
// waits for a retry, or is queued before it at its level or above.
func (w *world) isReady(m *tracked, pool PoolID) bool {
	if m.state != "queued" || m.of.on.config.Pool != pool || w.isPaused(m) {
		return false
	}
	for _, o := range w.all {
		if o == m || !sameLock(o, m) || o.state == "queued" && w.isPaused(o) {
			continue
		}
		if o.state == "out" || o.state == "backoff" {
			return false
		}
		if o.state == "queued" && (o.msg.Level > m.msg.Level || o.msg.Level == m.msg.Level && o.msg.Offset < m.msg.Offset) {
			return false
		}
	}
	return true
}

func sameLock(a, b *tracked) bool { return a.locked && b.locked && a.lock == b.lock }

// check holds the state after a step against the flat list: work is conserved,
// and what status says is true.
func (w *world) check() {
	checkLocks(w.t, w.core)
	queued, out := make([]int, len(w.slots)), make([]int, len(w.slots))
	unsettled, bytes := map[ConsumerID]int{}, map[ConsumerID]int64{}
	ready, backoff, failed := make([]bool, len(w.slots)), map[ConsumerID]int{}, map[ConsumerID]int{}
	for _, m := range w.all {
		if m.state == "gone" {
			continue
		}
		k := m.of.on
		pool := k.config.Pool
		unsettled[k.id]++
		bytes[k.id] += int64(m.msg.Size())
		if m.state == "backoff" {
			backoff[k.id]++
		}
		if m.told {
			failed[k.id]++
		}
		switch m.state {
		case "queued", "backoff":
			queued[pool]++
		case "out":
			out[pool]++
		case "burying":
		default:
			w.t.Fatalf("%v is %s and was not settled", m.msg, m.state)
		}
		ready[pool] = ready[pool] || w.isReady(m, pool) && m.msg.Level >= w.floor(pool)
	}
	s := w.core.Status(w.now)
	w.checkWanted()
	w.noteKept()
	idle := make([]bool, len(w.slots))
	for id, p := range s.Pools {
		var sq, so int
		for _, l := range p.Levels {
			sq, so = sq+l.Queued, so+l.InFlight
		}
		if sq != queued[id] || so != out[id] {
			w.t.Fatalf("status of pool %d has %d queued, %d in flight; there are %d and %d", id, sq, so, queued[id], out[id])
		}
		idle[id] = s.Started && !s.Draining && p.Busy < p.Slots
		if idle[id] && ready[id] && !w.awaits(PoolID(id)) {
			w.t.Fatalf("a slot of pool %d is free and a message is ready", id)
		}
	}
	w.checkMembers(s)
	for n, k := range s.Consumers {
		id, mine := w.consumers[n].id, w.consumers[n]
		full := k.Unsettled-min(failed[id], 30) >= 30
		switch {
		case k.Unsettled != unsettled[id] || k.Bytes != bytes[id]:
			w.t.Fatalf("status of %s has %d unsettled of %d bytes, there are %d of %d", k.Name, k.Unsettled, k.Bytes, unsettled[id], bytes[id])
		case k.Backoff != backoff[id]:
			w.t.Fatalf("status of %s has %d in backoff, there are %d", k.Name, k.Backoff, backoff[id])
		case s.Draining:
		case mine.leaving && (k.State != Paused || k.Reason.Kind != GivenUp):
			w.t.Fatalf("status of %s, which is given up, has %v %v", k.Name, k.State, k.Reason)
		case mine.leaving:
		case (k.State == Paused) != mine.paused, (k.State == Hold) != (full && k.State != Paused):
			w.t.Fatalf("status of %s has %v, its window full %v", k.Name, k.State, full)
		case (k.Reason.Kind == ByHand) != (!k.Mixed && w.isPaused(&tracked{msg: &boostd.Message{Level: k.Level}})):
			w.t.Fatalf("%s is %v %v, and its level is paused by hand or not", k.Name, k.State, k.Reason)
		case k.State == Paused && !full && idle[k.Pool] && (k.Mixed || k.Level >= w.floor(k.Pool)) && k.Reason.Kind != ByHand:
			w.t.Fatalf("%s is paused while a slot idles", k.Name)
		}
	}
	w.forget()
}

// awaits reports whether free slots wait for a short batch of a higher level.
func (w *world) awaits(pool PoolID) bool {
	for at, items := range w.out {
		if at.pool == pool && len(items) > 1 && !w.recalled[at] && w.now.Sub(items[0].DispatchedAt) < DefaultSlice {
			return true
		}
	}
	return false
}

// checkWanted: what workers look at between messages. Waiting may name a level
// whose key is taken by now, never too low a one.
func (w *world) checkWanted() {
	for pool, slots := range w.slots {
		waiting, busy := None, w.busy(PoolID(pool))
		for _, m := range w.all {
			if w.isReady(m, PoolID(pool)) {
				waiting = max(waiting, m.msg.Level)
			}
		}
		floor := w.floor(PoolID(pool))
		free := busy < slots && w.core.pools[pool].ready.highest() >= floor
		if free {
			waiting = None
		}
		switch got := w.core.Waiting(PoolID(pool)); {
		case free && got != None, got < waiting:
			w.t.Fatalf("pool %d is wanted for level %d, free %v; want %d", pool, got, free, waiting)
		}
	}
}

// busy is how many slots of a pool have a batch.
func (w *world) busy(pool PoolID) (busy int) {
	for at := range w.out {
		if at.pool == pool {
			busy++
		}
	}
	return busy
}

func (w *world) noteKept() {
	for _, m := range w.all {
		if m.locked && (m.state == "out" || m.state == "backoff") {
			k := w.kept[m.lock]
			if !k.at.Equal(w.now) {
				k = keeping{w.now, map[*tracked]bool{}}
			}
			k.by[m] = true
			w.kept[m.lock] = k
		}
	}
}

// excuses: m may call itself ready since before the key was taken when it had
// the key itself, or stood in its level's list while a higher level had it.
func (k keeping) excuses(m *tracked) bool {
	for o := range k.by {
		if o == m || o.msg.Level > m.msg.Level {
			return true
		}
	}
	return false
}

// forget drops what was settled long ago, lest the dumb way become too slow.
func (w *world) forget() {
	kept := w.all[:0]
	for _, m := range w.all {
		if m.state != "gone" {
			kept = append(kept, m)
		} else {
			delete(w.byID, messageID{m.msg.Epoch, m.msg.Offset})
			if m.settled != 1 {
				w.t.Fatalf("%v was settled %d times", m.msg, m.settled)
			}
		}
	}
	clear(w.all[len(kept):])
	w.all = kept
}
