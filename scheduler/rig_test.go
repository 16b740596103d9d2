package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// rig is a started core with one pool and one mixed consumer, and short ways to
// tell it things. Messages are written "key:level", a dash for no key.
type rig struct {
	t       testing.TB
	core    *Core
	now     time.Time
	next    map[boostd.TopicPartition]int64
	out     map[int][]*Item // what the workers have, by slot
	said    []string        // what the last call asked for
	burials []Burial
	wake    time.Time     // when the core wants to be called
	took    time.Duration // what finish says of every attempt
}

var tp0, tp1 = boostd.TopicPartition{Topic: "t"}, boostd.TopicPartition{Topic: "t", Partition: 1}

var rigPool = PoolConfig{Name: "p", Slots: 1, Levels: 11,
	Retry: Retry{Attempts: 3, Backoff: time.Second, MaxBackoff: time.Second}}

func newRig(t testing.TB, slots int, order Order) *rig {
	r := &rig{t: t, core: New(Config{Gate: true}), now: time.Unix(1000, 0),
		next: map[boostd.TopicPartition]int64{}, out: map[int][]*Item{}, took: 20 * time.Microsecond}
	config := rigPool
	config.Slots = slots
	if _, err := r.core.AddPool(config); err != nil {
		t.Fatal(err)
	}
	r.consumer(ConsumerConfig{Name: "base", Mixed: true, Orders: map[string]Order{"t": order}})
	r.apply(r.core.Start(r.now))
	r.assigned(0, tp0, tp1)
	return r
}

func (r *rig) consumer(c ConsumerConfig) ConsumerID {
	if c.Window == (Window{}) {
		c.Window = DefaultWindow
	}
	id, err := r.core.AddConsumer(c)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *rig) assigned(id ConsumerID, tps ...boostd.TopicPartition) {
	r.apply(r.core.Assigned(r.now, id, tps))
}

func (r *rig) fetch(id ConsumerID, tp boostd.TopicPartition, messages ...string) {
	var batch []boostd.Message
	for _, s := range messages {
		m := boostd.Message{Topic: tp.Topic, Partition: tp.Partition, Offset: r.next[tp], FetchedAt: r.now}
		r.next[tp]++
		key, level, _ := strings.Cut(s, ":")
		if key != "-" {
			m.Key = []byte(key)
		}
		if _, err := fmt.Sscan(level, &m.Level); err != nil {
			r.t.Fatal(err)
		}
		batch = append(batch, m)
	}
	r.apply(r.core.Fetched(r.now, id, batch))
}

// finish gives a slot's batch back with one outcome for each item; zero stands
// for "not started".
func (r *rig) finish(slot int, outcomes ...boostd.Outcome) {
	items := r.out[slot]
	delete(r.out, slot)
	for n, o := range outcomes {
		if o != 0 {
			items[n].StartedAt, items[n].FinishedAt = r.now.Add(-r.took), r.now
			items[n].Result.Outcome = o
		}
	}
	r.apply(r.core.Finished(r.now, 0, slot, items))
}

// recalled gives back what the worker of a slot has not started.
func (r *rig) recalled(slot, started int) {
	rest := r.out[slot][started:]
	r.out[slot] = r.out[slot][:started]
	r.apply(r.core.Recalled(r.now, 0, rest))
}

// wait lets time pass, with the ticks that the core asks for.
func (r *rig) wait(d time.Duration) {
	until := r.now.Add(d)
	for {
		e := r.core.Tick(r.now)
		wake := e.Wake
		r.apply(e)
		if wake.IsZero() || wake.After(until) {
			break
		}
		r.now = wake
	}
	r.now = until
}

// warm makes the level's mean known.
func (r *rig) warm(level boostd.Level, mean time.Duration) {
	e := &r.core.pools[0].levels[level].estimate
	for !e.known() {
		e.add(mean)
	}
}

// apply notes what a call asks for, as text.
func (r *rig) apply(e *Effects) {
	r.said, r.wake = r.said[:0], e.Wake
	for _, d := range e.Dispatches {
		r.out[d.Slot] = d.Items
		r.said = append(r.said, fmt.Sprintf("run %d@%d:%s", d.Slot, d.Level, offsets(d.Items)))
	}
	for _, c := range e.Recalls {
		r.said = append(r.said, fmt.Sprintf("recall %d", c.Slot))
	}
	for _, p := range e.Preempts {
		r.said = append(r.said, fmt.Sprintf("preempt %d", p.Slot))
	}
	for _, s := range e.Settled {
		for _, one := range s.Settlements {
			if one.Outcome != boostd.Retry {
				r.said = append(r.said, fmt.Sprintf("%s %d", one.Outcome, one.Message.Offset))
			}
		}
	}
	for _, b := range e.Burials {
		r.said = append(r.said, fmt.Sprintf("bury %d after %d", b.Item.Message.Offset, b.Attempts))
		r.burials = append(r.burials, b)
	}
	for _, f := range e.Flows {
		r.said = append(r.said, fmt.Sprintf("flow %d %s", f.Consumer, f.State))
	}
	for _, d := range e.Drained {
		r.said = append(r.said, fmt.Sprintf("drained %v", d.Partitions))
	}
	for _, id := range e.Left {
		r.said = append(r.said, fmt.Sprintf("left %d", id))
	}
	checkLocks(r.t, r.core)
}

func offsets(items []*Item) string {
	var b strings.Builder
	for _, i := range items {
		fmt.Fprintf(&b, " %d", i.Message.Offset)
	}
	return b.String()
}

// want compares what the last call asked for.
func (r *rig) want(lines ...string) {
	r.t.Helper()
	if got, want := strings.Join(r.said, "; "), strings.Join(lines, "; "); got != want {
		r.t.Fatalf("the core said  %s\nbut should say %s", got, want)
	}
}

// checkLocks holds every lock against what its comments promise.
func checkLocks(t testing.TB, c *Core) {
	t.Helper()
	for _, p := range c.pools {
		free := map[*lock]bool{}
		for _, l := range p.locks.free {
			if free[l] {
				t.Fatal("a lock was released twice")
			}
			free[l] = true
		}
		for id, l := range p.locks.byID {
			switch {
			case free[l] || l.id != id:
				t.Fatal("a lock is in use and free at once")
			case l.busy() || len(l.ready) > 0:
			case l.waiting.len > 0 && p.next(l) == nil: // all are paused by hand
			case l.waiting.len > 0:
				t.Fatalf("%v waits for a lock that nothing holds", l.waiting.head.Message)
			default:
				t.Fatal("a lock that nobody needs was kept")
			}
		}
	}
}
