package scheduler

import (
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// world drives a Core with random events: two pools, mixed consumers and
// consumers of a level, partitions that go and come back (also before their old
// attempts have returned, also to another consumer first), results of every
// kind, workers that stop early. oracle_test.go checks every effect.
type world struct {
	t         testing.TB
	draw      func(n int) int // 0 … n-1: random, or a fuzzer's bytes
	core      *Core
	now       time.Time
	order     Order
	consumers []*worldConsumer
	next      map[boostd.TopicPartition]int64
	all       []*tracked // all that isn't settled, and what was settled lately
	byID      map[messageID]*tracked
	epochs    uint32
	out       map[worldSlot][]*Item
	recalled  map[worldSlot]bool // of the batches that are out
	slots     []int              // by pool
	attempts  []int              // by pool
	there     map[worldSlot]bool // the slots
	levels    int                // that there are
	draining  bool
	paused    map[boostd.Level]time.Time // by hand, until when; zero for no end
	// kept has, by lock, when it was last seen kept, and by what.
	kept    map[uint64]keeping
	burials []Burial // not answered yet

	policies  []*worldPolicy // by pool
	preempted map[worldSlot]bool
}

type keeping struct {
	at time.Time
	by map[*tracked]bool
}

type worldSlot struct {
	pool PoolID
	slot int
}

type worldConsumer struct {
	id      ConsumerID
	config  ConsumerConfig
	open    map[boostd.TopicPartition]*assignment // nil: not assigned
	asked   []*assignment                         // revoked, not drained
	paused  bool
	byHand  bool               // its last pause was
	ordered map[bool]time.Time // when it was last paused and resumed
	broker  int
	leaving bool // told Leave; left: the core has said that nothing is here
	left    bool
	gone    bool
}

// assignment is one life of a partition at a consumer.
type assignment struct {
	tp   boostd.TopicPartition
	on   *worldConsumer
	next int64
	// epoch is another for each, so that it tells messages apart.
	epoch  uint32
	closed bool // revoked or lost
}

// drop is what must happen to a's messages that aren't to be dispatched.
func (w *world) drop(a *assignment) {
	for _, m := range w.all {
		if m.of == a && (m.state == "backoff" || m.state == "queued") {
			m.state = "dropped"
		}
	}
}

// isPaused reports whether the message's level is paused by hand.
func (w *world) isPaused(m *tracked) bool {
	_, paused := w.paused[m.msg.Level]
	return paused
}

// byHand pauses a level or resumes it.
func (w *world) byHand() {
	level := boostd.Level(w.draw(w.levels))
	if w.draw(2) == 0 {
		delete(w.paused, level)
		e, _ := w.core.ResumeLevel(w.now, level)
		w.apply(e)
		return
	}
	until := time.Time{}
	if w.draw(2) == 0 {
		until = w.now.Add(time.Duration(1+w.draw(3000)) * time.Millisecond)
	}
	w.paused[level] = until
	e, err := w.core.PauseLevel(w.now, Pause{Level: level, Since: w.now, Until: until})
	if err != nil {
		w.t.Fatal(err)
	}
	w.apply(e)
}

// expire ends pauses.
func (w *world) expire() {
	for level, until := range w.paused {
		if !until.IsZero() && !w.now.Before(until) {
			delete(w.paused, level)
		}
	}
}

type messageID struct {
	epoch  uint32
	offset int64
}

func (w *world) find(m *boostd.Message) *tracked { return w.byID[messageID{m.Epoch, m.Offset}] }

type tracked struct {
	msg     *boostd.Message
	of      *assignment
	lock    uint64
	locked  bool
	state   string // queued, out, backoff, burying; dropped, ended until settled; gone
	settled int
	tried   int  // attempts that were started, and failed elsewhere
	told    bool // its Source knows that one has failed
}

func newWorld(t testing.TB, draw func(int) int) *world {
	w := &world{t: t, draw: draw, core: New(Config{Gate: draw(4) > 0, StartWait: time.Duration(draw(2)) * time.Second}),
		now: time.Unix(1000, 0), levels: 11, order: Order(draw(3)), next: map[boostd.TopicPartition]int64{},
		byID: map[messageID]*tracked{}, out: map[worldSlot][]*Item{}, recalled: map[worldSlot]bool{}, there: map[worldSlot]bool{}, kept: map[uint64]keeping{}, paused: map[boostd.Level]time.Time{}, preempted: map[worldSlot]bool{}}
	for n, slots := range []int{1 + draw(5), 1} {
		policy := w.drawPolicy(slots, w.levels)
		_, err := w.core.AddPool(PoolConfig{Name: "p", Slots: slots, Levels: 11, DeadLetters: n == 0, Policy: policy, Preemptible: draw(2) == 0,
			Retry: Retry{Attempts: 3, Backoff: 50 * time.Millisecond, MaxBackoff: time.Second}})
		w.policies = append(w.policies, newWorldPolicy(policy))
		if err != nil {
			t.Fatal(err)
		}
		w.slots, w.attempts = append(w.slots, slots), append(w.attempts, 3)
		for slot := range slots {
			w.there[worldSlot{PoolID(n), slot}] = true
		}
	}
	for n := range w.core.pools[0].levels {
		if e := &w.core.pools[0].levels[n].estimate; draw(2) == 0 {
			e.mean, e.count = float64(draw(5000))*1000, e.warm // batches from the beginning
		}
	}
	w.addConsumer("base", 0, 0, true)
	w.addConsumer("base", 0, 0, true) // a second one that may get the first one's partitions
	w.addConsumer("high", 0, 9, false)
	w.addConsumer("low", 0, 2, false)
	w.addConsumer("other", 1, 5, false)
	w.apply(w.core.Start(w.now))
	return w
}

func (w *world) addConsumer(topic string, pool PoolID, level boostd.Level, mixed bool) {
	k := &worldConsumer{open: map[boostd.TopicPartition]*assignment{}, ordered: map[bool]time.Time{}}
	k.config = ConsumerConfig{Name: topic, Pool: pool, Level: level, Mixed: mixed,
		Window: Window{Messages: 30, Bytes: 1 << 20}, Orders: map[string]Order{topic: w.order}}
	id, err := w.core.AddConsumer(k.config)
	if err != nil {
		w.t.Fatal(err)
	}
	k.id = id
	w.consumers = append(w.consumers, k)
}

func (w *world) step() {
	w.now = w.now.Add(time.Duration(w.draw(20)) * time.Millisecond)
	if w.draw(30) == 0 {
		w.now = w.now.Add(3 * time.Second)
	}
	k := w.consumers[w.draw(len(w.consumers))]
	tp := boostd.TopicPartition{Topic: k.config.Name, Partition: int32(w.draw(2))}
	switch w.draw(20) {
	case 0, 1:
		w.assign(k, tp)
	case 2:
		w.close(k, tp, w.draw(2) == 0)
	case 3, 4, 5, 6, 7:
		w.fetch(k, tp)
	case 8:
		w.tick()
	case 9:
		w.apply(w.core.CaughtUp(w.now, k.id))
	case 10:
		w.backlog(k)
	case 11:
		w.byHand()
	case 12:
		w.bury()
	case 13:
		w.reconfigure(w.levels)
	case 14:
		w.change(k)
	default:
		w.finish()
	}
	w.check()
}

// tick lets the core see the time when nothing happens.
func (w *world) tick() { w.apply(w.core.Tick(w.now)) }

func (w *world) assign(k *worldConsumer, tp boostd.TopicPartition) {
	if k.open[tp] != nil {
		w.tick()
		return
	}
	// What wasn't committed comes again.
	w.epochs++
	k.open[tp] = &assignment{tp: tp, on: k, next: max(0, w.next[tp]-int64(w.draw(10))), epoch: w.epochs, closed: k.leaving}
	for n, a := range k.asked {
		if a.tp == tp {
			k.asked = append(k.asked[:n], k.asked[n+1:]...) // nobody waits for it any more
			break
		}
	}
	w.apply(w.core.Assigned(w.now, k.id, []boostd.TopicPartition{tp}))
}

func (w *world) close(k *worldConsumer, tp boostd.TopicPartition, lost bool) {
	a := k.open[tp]
	if a == nil {
		w.tick()
		return
	}
	delete(k.open, tp)
	a.closed = true
	w.drop(a)
	if lost {
		w.apply(w.core.Lost(w.now, k.id, []boostd.TopicPartition{tp}))
		return
	}
	k.asked = append(k.asked, a)
	w.apply(w.core.Revoking(w.now, k.id, []boostd.TopicPartition{tp}))
}

func (w *world) fetch(k *worldConsumer, tp boostd.TopicPartition) {
	room := k.config.Window.Messages - w.core.consumer(k.id).unsettled
	n := min(room, 1+w.draw(12))
	if k.paused {
		n = min(n, 1) // one that was on its way
	}
	if n <= 0 {
		w.tick()
		return
	}
	a := k.open[tp]
	if a == nil { // late, of an assignment that is over
		w.epochs++
		a = &assignment{next: w.next[tp], epoch: w.epochs}
	}
	batch := make([]boostd.Message, n)
	for n := range batch {
		batch[n] = boostd.Message{Topic: tp.Topic, Partition: tp.Partition, Offset: a.next, Epoch: a.epoch, Level: k.config.Level, FetchedAt: w.now}
		if k.config.Mixed {
			batch[n].Level = boostd.Level(w.draw(worldMost))
		}
		if key := w.draw(4); key > 0 {
			batch[n].Key = fmt.Append(nil, key)
		}
		if w.draw(10) == 0 {
			batch[n].Attempt, batch[n].Held = w.draw(4), w.draw(3) == 0
		}
		a.next++
		msg := batch[n]
		msg.Level = min(msg.Level, boostd.Level(w.levels-1))
		m := &tracked{tried: msg.Attempt, msg: &msg, of: k.open[tp], state: "queued"}
		m.lock, m.locked = lockID(placeHash(m.msg.TopicPartition()), m.msg, w.order)
		switch b := batch[n]; {
		case m.of == nil || m.of.closed:
			m.state = "dropped"
		case !b.Held && b.Attempt >= w.attempts[k.config.Pool] && k.config.Pool == 0:
			m.state = "burying"
		case b.Held || b.Attempt >= w.attempts[k.config.Pool]:
			m.state = "ended"
		}
		w.all = append(w.all, m)
		w.byID[messageID{a.epoch, m.msg.Offset}] = m
	}
	w.next[tp] = max(w.next[tp], a.next)
	w.apply(w.core.Fetched(w.now, k.id, batch))
}

// finish returns the batch of a random busy slot: a part of it was started. A
// handler takes either one message after the other, or all before it reports.
func (w *world) finish() {
	var busy []worldSlot
	for pool := range w.slots {
		for slot := range worldSlots {
			if s := (worldSlot{PoolID(pool), slot}); w.out[s] != nil {
				busy = append(busy, s)
			}
		}
	}
	if len(busy) == 0 {
		w.tick()
		return
	}
	at := busy[w.draw(len(busy))]
	items := w.out[at]
	delete(w.out, at)
	stop, takesAll := w.draw(len(items)+1), w.draw(3) == 0
	preempted := w.preempted[at] && w.draw(4) > 0
	delete(w.preempted, at)
	var failed []*Item
	for n, i := range items {
		m := w.find(i.Message)
		blocked := n >= stop
		for _, f := range failed {
			blocked = blocked || i.Follows(f) && !takesAll
		}
		if blocked {
			m.state = "queued"
		} else {
			w.result(i)
			if i.Preempted = preempted && i.Result.Outcome == boostd.Retry; i.Preempted {
				m.state = "queued"
				if m.of.closed {
					m.state = "dropped"
				}
				failed = append(failed, i)
				continue
			}
			m.tried++
			m.state = "ended"
			if i.Result.Outcome != boostd.Done {
				failed = append(failed, i)
			}
			switch i.Verdict() {
			case boostd.Retry:
				m.state = "backoff"
			case boostd.Dead:
				m.state = "burying"
			}
		}
		if m.of.closed && m.state == "backoff" || m.state == "queued" && m.of.closed {
			m.state = "dropped"
		}
	}
	if w.draw(8) == 0 {
		w.core.Overrun(at.pool, at.slot)
	}
	w.noteHandedBack(at.pool, items)
	w.forgetGone(items)
	w.apply(w.core.Finished(w.now, at.pool, at.slot, items))
}

// bury answers a random burial: the letter is written, or refused for good.
func (w *world) bury() {
	if len(w.burials) == 0 {
		w.tick()
		return
	}
	n := w.draw(len(w.burials))
	b := w.burials[n]
	w.burials = append(w.burials[:n], w.burials[n+1:]...)
	w.find(b.Item.Message).state = "ended"
	w.forgetGone([]*Item{b.Item})
	refused := ""
	if w.draw(3) == 0 {
		refused = "too large"
	}
	w.apply(w.core.Buried(w.now, b.Item, refused))
}

func (w *world) result(i *Item) {
	i.StartedAt = w.now.Add(-time.Duration(1+w.draw(3000)) * time.Microsecond)
	i.FinishedAt = w.now
	i.Result.Outcome = []boostd.Outcome{boostd.Done, boostd.Done, boostd.Retry, boostd.Dead}[w.draw(4)]
	i.Result.After = time.Duration(w.draw(2)) * time.Second
}

// end drains the world: everything must be settled, and nothing left behind.
func (w *world) end() {
	w.draining = true
	for _, k := range w.consumers {
		for _, a := range k.open {
			a.closed = true
			w.drop(a)
		}
	}
	w.apply(w.core.Drain(w.now))
	for _, k := range w.consumers {
		w.fetch(k, boostd.TopicPartition{Topic: k.config.Name})
	}
	for len(w.out)+len(w.burials) > 0 {
		if w.core.Tick(w.now).Idle {
			w.t.Fatal("idle with work in flight")
		}
		w.finish()
		w.bury()
	}
	w.check()
	if e := w.core.Tick(w.now.Add(time.Hour)); !e.Idle || !e.Wake.IsZero() && w.core.started {
		w.t.Fatalf("drained: idle %v, wake %v", e.Idle, e.Wake)
	}
	for _, m := range w.all {
		if m.settled != 1 {
			w.t.Fatalf("%v was settled %d times, state %s", m.msg, m.settled, m.state)
		}
	}
	for _, p := range w.core.pools {
		if n := len(p.locks.byID); n != 0 {
			w.t.Fatalf("%d locks were left behind", n)
		}
	}
	for _, k := range w.consumers {
		if len(k.asked) > 0 {
			w.t.Fatalf("%s still waits for %v", k.config.Name, k.asked[0].tp)
		}
	}
}
