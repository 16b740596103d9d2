package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// busy is a pool in virtual time whose highest level always has something ready,
// while messages of lower levels come now and then. Workers run one message after
// the other, and look between them at what their slots are wanted for.
type busy struct {
	*rig
	dice   dice
	slots  []busySlot
	own    int // slots that are reserved from the levels of low messages
	low    []*busyMessage
	work   map[int64]*busyMessage // of tp0: the low ones
	due    int                    // of low: the first that isn't overdue yet
	worst  time.Duration
	waited int // messages that became overdue
}

type busySlot struct {
	items []*Item
	at    int // the one that runs
	until time.Time
}

type busyMessage struct {
	fetched, start, bound time.Time
	takes                 time.Duration
}

const (
	busyMaxWait = 60 * time.Millisecond
	busyMost    = 3 * time.Millisecond // a message takes 1 to 3
	busyBatch   = 8 * busyMost         // a slice at 2 ms a message
)

// TestMaxWaitIsBoundInTime: no message starts later than max_wait after its fetch,
// what its slots run at that time, and the work of what was fetched before it and
// hasn't started, divided by the slots that its level may have.
func TestMaxWaitIsBoundInTime(t *testing.T) {
	for _, c := range []struct{ slots, own int }{{1, 0}, {2, 0}, {4, 1}, {4, 3}} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%d slots, %d reserved, seed %d", c.slots, c.own, seed), func(t *testing.T) {
				b := newBusy(t, c.slots, c.own, seed)
				for range 6000 {
					b.step()
				}
				if b.waited < 100 || b.worst <= busyMaxWait {
					t.Errorf("%d messages were overdue, the longest wait was %v: that proves nothing", b.waited, b.worst)
				}
			})
		}
	}
}

func newBusy(t *testing.T, slots, own int, seed uint64) *busy {
	b := &busy{rig: newRig(t, slots, Unordered), dice: dice(seed), slots: make([]busySlot, slots), own: own, work: map[int64]*busyMessage{}}
	policy := Policy{MaxWait: busyMaxWait}
	if own > 0 {
		policy.Reserve = []Reserve{{8, own}}
	}
	b.policy(policy)
	for _, level := range []boostd.Level{0, 3, 10} {
		b.warm(level, 2*time.Millisecond)
	}
	return b
}

// step goes to the next thing that happens.
func (b *busy) step() {
	if b.core.pools[0].levels[10].ready.len < 10*len(b.slots) {
		b.fetch(0, tp1, strings.Fields(strings.Repeat("-:10 ", 8))...)
		b.answer()
	}
	next, slot := b.now.Add(time.Duration(b.dice.draw(20_000))*time.Microsecond), -1
	for n := range b.slots {
		if s := &b.slots[n]; s.items != nil && !s.until.After(next) {
			next, slot = s.until, n
		}
	}
	for ; b.due < len(b.low) && !b.low[b.due].fetched.Add(busyMaxWait).After(next); b.due++ {
		b.promise(b.low[b.due])
	}
	b.now = next
	if slot >= 0 {
		b.ends(slot)
	} else {
		b.arrive()
	}
}

// arrive brings one to four low messages.
func (b *busy) arrive() {
	for range 1 + b.dice.draw(4) {
		m := &busyMessage{fetched: b.now, takes: time.Millisecond + time.Duration(b.dice.draw(2000))*time.Microsecond}
		b.work[b.next[tp0]] = m
		b.low = append(b.low, m)
		b.fetch(0, tp0, []string{"-:0", "-:3"}[b.dice.draw(2)])
		b.answer()
	}
}

// promise says when a message that is overdue starts at the latest.
func (b *busy) promise(m *busyMessage) {
	if !m.start.IsZero() {
		return
	}
	b.waited++
	before := time.Duration(0)
	for _, o := range b.low {
		if o != m && o.start.IsZero() && !o.fetched.After(m.fetched) {
			before += o.takes
		}
	}
	b.core.pools[0].levels[10].ready.each(func(i *Item) {
		if !i.Message.FetchedAt.After(m.fetched) {
			before += busyMost
		}
	})
	m.bound = m.fetched.Add(busyMaxWait + busyBatch + before/time.Duration(len(b.slots)-b.own) + busyBatch)
}

// ends ends the message that a slot runs.
func (b *busy) ends(slot int) {
	s := &b.slots[slot]
	i := s.items[s.at]
	i.FinishedAt, i.Result.Outcome = b.now, done
	s.at++
	if s.at < len(s.items) && b.core.Waiting(0) <= b.core.pools[0].batches.out[slot].rank {
		b.begin(slot)
		return
	}
	items := s.items
	*s = busySlot{}
	b.out[slot] = nil
	b.apply(b.core.Finished(b.now, 0, slot, items))
	b.answer()
}

// begin begins the next message of a slot.
func (b *busy) begin(slot int) {
	s := &b.slots[slot]
	i := s.items[s.at]
	i.StartedAt = b.now
	takes := busyMost
	if m := b.work[i.Message.Offset]; m != nil && i.Message.Partition == 0 {
		m.start, takes = b.now, m.takes
		b.worst = max(b.worst, b.now.Sub(m.fetched))
		if !m.bound.IsZero() && b.now.After(m.bound) {
			b.t.Fatalf("a message was fetched at %v and starts at %v, %v too late", m.fetched, b.now, b.now.Sub(m.bound))
		}
	}
	s.until = b.now.Add(takes)
}

// answer does what the last call asked for.
func (b *busy) answer() {
	for n := range b.slots {
		if s := &b.slots[n]; s.items == nil && b.out[n] != nil {
			s.items, s.at = b.out[n], 0
			b.begin(n)
		}
	}
	for _, said := range append([]string(nil), b.said...) {
		var slot int
		if n, _ := fmt.Sscanf(said, "recall %d", &slot); n == 1 {
			s := &b.slots[slot]
			rest := s.items[s.at+1:]
			s.items = s.items[:s.at+1]
			b.apply(b.core.Recalled(b.now, 0, rest))
			b.answer()
		}
	}
}
