package scheduler

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// world drives a Core with random events and checks every effect against what
// the invariants say, computed the dumb way: from a flat list of all messages.
type world struct {
	t     testing.TB
	rng   *rand.Rand
	core  *Core
	now   time.Time
	order Order
	next  map[boostd.TopicPartition]int64
	open  map[boostd.TopicPartition]int // generation; 0: not assigned
	all   []*tracked
	byMsg map[*boostd.Message]*tracked
	out   map[int][]*Item
	slots int
	wake  time.Time
}

type tracked struct {
	msg     *boostd.Message
	gen     int
	state   string // queued, out, backoff, gone
	due     time.Time
	settled int
}

const worldTopic = "t"

func newWorld(t testing.TB, seed uint64, order Order, slots int) *world {
	w := &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), core: New(Config{Gate: seed%2 == 0}),
		now: time.Unix(1000, 0), order: order, slots: slots,
		next: map[boostd.TopicPartition]int64{}, open: map[boostd.TopicPartition]int{},
		byMsg: map[*boostd.Message]*tracked{}, out: map[int][]*Item{},
	}
	_, err := w.core.AddPool(PoolConfig{Name: "p", Slots: slots, Levels: 11,
		Retry: Retry{Attempts: 3, Backoff: 50 * time.Millisecond, MaxBackoff: time.Second}})
	if err == nil {
		_, err = w.core.AddConsumer(ConsumerConfig{Name: "base", Mixed: true,
			Window: Window{Messages: 200, Bytes: 1 << 20}, Orders: map[string]Order{worldTopic: order}})
	}
	if err != nil {
		t.Fatal(err)
	}
	w.apply(w.core.Start(w.now))
	return w
}

func (w *world) step() {
	w.now = w.now.Add(time.Duration(w.rng.IntN(20)) * time.Millisecond)
	tp := boostd.TopicPartition{Topic: worldTopic, Partition: int32(w.rng.IntN(3))}
	switch w.rng.IntN(12) {
	case 0:
		w.assign(tp)
	case 1:
		w.close(tp, w.rng.IntN(2) == 0)
	case 2, 3, 4:
		w.fetch(tp)
	case 5:
		w.apply(w.core.Tick(w.now))
	case 6:
		w.apply(w.core.CaughtUp(w.now, 0))
	default:
		w.finish()
	}
	w.check()
}

func (w *world) assign(tp boostd.TopicPartition) {
	if w.open[tp] <= 0 {
		w.open[tp] = -w.open[tp] + 1
		w.apply(w.core.Assigned(w.now, 0, []boostd.TopicPartition{tp}))
	}
}

func (w *world) close(tp boostd.TopicPartition, lost bool) {
	if w.open[tp] <= 0 {
		return
	}
	w.open[tp] = -w.open[tp]
	for _, m := range w.all {
		if m.msg.TopicPartition() == tp && (m.state == "queued" || m.state == "backoff") {
			m.state = "dropped"
		}
	}
	if lost {
		w.apply(w.core.Lost(w.now, 0, []boostd.TopicPartition{tp}))
		return
	}
	effects := w.core.Revoking(w.now, 0, []boostd.TopicPartition{tp})
	busy := w.inFlightOf(tp, -w.open[tp])
	if (len(effects.Drained) == 0) != busy {
		w.t.Fatalf("revoking %v with work in flight %v: drained %v", tp, busy, effects.Drained)
	}
	w.apply(effects)
}

func (w *world) inFlightOf(tp boostd.TopicPartition, gen int) bool {
	for _, m := range w.all {
		if m.state == "out" && m.gen == gen && m.msg.TopicPartition() == tp {
			return true
		}
	}
	return false
}

func (w *world) fetch(tp boostd.TopicPartition) {
	batch := make([]boostd.Message, 1+w.rng.IntN(12))
	for n := range batch {
		batch[n] = boostd.Message{Topic: tp.Topic, Partition: tp.Partition, Offset: w.next[tp],
			Level: boostd.Level(w.rng.IntN(11)), FetchedAt: w.now}
		if w.rng.IntN(4) > 0 {
			batch[n].Key = fmt.Append(nil, w.rng.IntN(4))
		}
		w.next[tp]++
		m := &tracked{msg: &batch[n], gen: w.open[tp], state: "queued"}
		if w.open[tp] <= 0 {
			m.state = "dropped"
		}
		w.all = append(w.all, m)
		w.byMsg[m.msg] = m
	}
	w.apply(w.core.Fetched(w.now, 0, batch))
}

// finish returns the batch of a random busy slot: some started, some not.
func (w *world) finish() {
	if len(w.out) == 0 {
		return
	}
	slots := make([]int, 0, len(w.out))
	for s := range w.slots {
		if w.out[s] != nil {
			slots = append(slots, s)
		}
	}
	slot := slots[w.rng.IntN(len(slots))]
	items := w.out[slot]
	delete(w.out, slot)
	stop := w.rng.IntN(len(items) + 1)
	var failed []*Item
	for n, i := range items {
		m := w.byMsg[i.Message]
		blocked := n >= stop
		for _, f := range failed {
			blocked = blocked || i.Follows(f)
		}
		closed := m.gen != w.open[i.Message.TopicPartition()]
		if blocked {
			m.state = pick(closed, "dropped", "queued")
			continue
		}
		i.StartedAt = w.now.Add(-time.Duration(1+w.rng.IntN(3)) * time.Millisecond)
		i.FinishedAt = w.now
		i.Result.Outcome = []boostd.Outcome{boostd.Done, boostd.Done, boostd.Retry, boostd.Dead}[w.rng.IntN(4)]
		if i.Result.Outcome != boostd.Done {
			failed = append(failed, i)
		}
		switch {
		case i.Verdict() == boostd.Retry && !closed:
			m.state = "backoff"
		default:
			m.state = "ended"
		}
	}
	w.apply(w.core.Finished(w.now, 0, slot, items))
}

func pick(c bool, a, b string) string {
	if c {
		return a
	}
	return b
}

func (w *world) apply(e *Effects) {
	w.wake = e.Wake
	for _, m := range w.all { // retries that were due in this step
		if m.state == "backoff" && !w.inBackoff(m) {
			m.state = "queued"
		}
	}
	for _, d := range e.Dispatches {
		if w.out[d.Slot] != nil {
			w.t.Fatalf("slot %d was given a second batch", d.Slot)
		}
		w.checkDispatch(d)
		w.out[d.Slot] = d.Items
		for _, i := range d.Items {
			w.byMsg[i.Message].state = "out"
		}
	}
	for _, s := range e.Settled {
		for _, one := range s.Settlements {
			m := w.byMsg[one.Message]
			m.settled++
			if m.settled > 1 {
				w.t.Fatalf("%v was settled twice", m.msg)
			}
			if m.state != "dropped" && m.state != "ended" {
				w.t.Fatalf("%v was settled as %v while %s", m.msg, one.Outcome, m.state)
			}
			m.state = "gone"
		}
	}
	for _, d := range e.Drained {
		for _, tp := range d.Partitions {
			if w.open[tp] <= 0 && w.inFlightOf(tp, -w.open[tp]) {
				w.t.Fatalf("%v was called drained with work in flight", tp)
			}
		}
	}
}

func (w *world) inBackoff(m *tracked) bool {
	for _, i := range w.core.retries {
		if i.Message == m.msg {
			return true
		}
	}
	return false
}

// checkDispatch holds one dispatch against the flat list: nothing of a higher
// level is ready (I2), and no order is broken.
func (w *world) checkDispatch(d Dispatch) {
	mine := map[*boostd.Message]bool{}
	for _, i := range d.Items {
		mine[i.Message] = true
	}
	for _, i := range d.Items {
		for _, m := range w.all {
			if m.msg == i.Message || !w.sameLock(m.msg, i.Message) {
				continue
			}
			if !mine[m.msg] && (m.state == "out" || m.state == "backoff") {
				w.t.Fatalf("%v was dispatched while %v of its key is %s", i.Message, m.msg, m.state)
			}
			if m.state == "queued" && m.msg.Level == i.Message.Level && m.msg.Offset < i.Message.Offset && !mine[m.msg] {
				w.t.Fatalf("%v was dispatched before %v of its key", i.Message, m.msg)
			}
		}
	}
	for n := 1; n < len(d.Items); n++ {
		a, b := d.Items[n-1].Message, d.Items[n].Message
		if w.sameLock(a, b) && a.Offset > b.Offset {
			w.t.Fatalf("%v stands before %v in its batch", a, b)
		}
	}
	for _, m := range w.all {
		if m.state == "queued" && !mine[m.msg] && m.msg.Level > d.Level && w.isReady(m) {
			w.t.Fatalf("level %d was dispatched while %v of level %d is ready", d.Level, m.msg, m.msg.Level)
		}
	}
}

// isReady is the definition: queued, and nothing of its key runs, waits for a
// retry, or is queued before it at its level or above.
func (w *world) isReady(m *tracked) bool {
	if m.state != "queued" {
		return false
	}
	for _, o := range w.all {
		if o == m || !w.sameLock(o.msg, m.msg) {
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

func (w *world) sameLock(a, b *boostd.Message) bool {
	x, ok := lockID(a, w.order)
	y, too := lockID(b, w.order)
	return ok && too && x == y
}

// check holds the state after a step against the flat list: work is conserved,
// and what status says is true.
func (w *world) check() {
	var queued, out int
	ready := false
	for _, m := range w.all {
		switch m.state {
		case "queued", "backoff":
			queued++
		case "out":
			out++
		case "dropped", "ended":
			w.t.Fatalf("%v is %s and was not settled", m.msg, m.state)
		}
		ready = ready || w.isReady(m)
	}
	s := w.core.Status(w.now)
	if s.Started && ready && len(w.out) < w.slots {
		w.t.Fatalf("a slot is free and a message is ready")
	}
	var sq, so int
	for _, l := range s.Pools[0].Levels {
		sq, so = sq+l.Queued, so+l.InFlight
	}
	if sq != queued || so != out || s.Consumers[0].Unsettled != queued+out {
		w.t.Fatalf("status has %d queued, %d in flight, %d unsettled; there are %d and %d",
			sq, so, s.Consumers[0].Unsettled, queued, out)
	}
}

func TestCoreAgainstOracle(t *testing.T) {
	for _, order := range []Order{ByKey, ByPartition, Unordered} {
		for seed := range uint64(60) {
			t.Run(fmt.Sprintf("%d/%d", order, seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, seed, order, 1+int(seed%5))
				for range 300 {
					w.step()
				}
				w.end()
			})
		}
	}
}

// end drains the world: everything must be settled, no lock left behind.
func (w *world) end() {
	effects := w.core.Drain(w.now)
	for _, m := range w.all {
		if m.state == "queued" || m.state == "backoff" {
			m.state = "dropped"
		}
	}
	for tp := range w.open {
		w.open[tp] = -100 // what is handed back now is released
	}
	w.apply(effects)
	for len(w.out) > 0 {
		w.finish()
	}
	for _, m := range w.all {
		if m.settled != 1 {
			w.t.Fatalf("%v was settled %d times, state %s", m.msg, m.settled, m.state)
		}
	}
	if !w.core.Tick(w.now).Idle {
		w.t.Fatal("drained, but not idle")
	}
	if n := len(w.core.pools[0].locks.byID); n != 0 {
		w.t.Fatalf("%d locks were left behind", n)
	}
}
