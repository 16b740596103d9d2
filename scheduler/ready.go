package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// readyQueue is what is ready of one level. Its topics take turns, and within a
// topic its flows do, so that nobody waits behind a neighbour's backlog: one
// message of each, then of each again.
type readyQueue struct {
	len    int
	root   *turn // nil before the first message
	topics map[string]*turn
}

// turn is a place in a ring: a topic's, or that of one of its flows. A flow is a
// partition, or a tenant where messages have one; it keeps the order in which its
// messages came. Only those with something ready are in their rings.
type turn struct {
	parent     *turn
	prev, next *turn // in the ring; nil when not in it
	current    *turn // of the ring below: whose turn it is
	items      list  // of a flow
	tenant     uint64
	tenants    map[uint64]*turn // of a topic
}

// flow is where the item stands when it is ready.
func (q *readyQueue) flow(i *Item) *turn {
	m, p := i.Message, i.partition
	if m.Tenant == 0 {
		if p.flow == nil || p.flowLevel != m.Level {
			p.flow, p.flowLevel = p.flowOf(m.Level, q), m.Level
		}
		return p.flow
	}
	topic := q.topic(m.Topic)
	if topic.tenants == nil {
		topic.tenants = map[uint64]*turn{}
	}
	f := topic.tenants[m.Tenant]
	if f == nil {
		f = &turn{parent: topic, tenant: m.Tenant}
		topic.tenants[m.Tenant] = f
	}
	return f
}

// flowOf is the partition's own flow at a level.
func (p *partition) flowOf(level boostd.Level, q *readyQueue) *turn {
	f := p.flows[level]
	if f == nil {
		if p.flows == nil {
			p.flows = map[boostd.Level]*turn{}
		}
		f = &turn{parent: q.topic(p.tp.Topic)}
		p.flows[level] = f
	}
	return f
}

func (q *readyQueue) topic(name string) *turn {
	t := q.topics[name]
	if t == nil {
		if q.topics == nil {
			q.topics = map[string]*turn{}
		}
		if q.root == nil {
			q.root = &turn{}
		}
		t = &turn{parent: q.root}
		q.topics[name] = t
	}
	return t
}

// push adds an item at the end of its flow, or in front of it. One that has had
// its turn and comes back in front has it again.
func (q *readyQueue) push(i *Item, front bool) {
	f := q.flow(i)
	i.flow = f
	if front {
		f.items.pushFront(i)
	} else {
		f.items.pushBack(i)
	}
	q.len++
	for t := f; t.parent != nil; t = t.parent {
		if t.next == nil {
			t.enter()
		}
		if front && !i.DispatchedAt.IsZero() {
			t.parent.current = t
		}
	}
}

// pop takes the first item, and the next one's turn comes.
func (q *readyQueue) pop() *Item {
	topic := q.root.current
	f := topic.current
	i := f.items.head
	topic.current, q.root.current = f.next, topic.next
	q.remove(i)
	return i
}

// remove takes one item out.
func (q *readyQueue) remove(i *Item) {
	f := i.flow
	f.items.remove(i)
	i.flow = nil
	q.len--
	if f.items.len > 0 {
		return
	}
	f.leave()
	if f.tenant != 0 {
		delete(f.parent.tenants, f.tenant)
	}
	if f.parent.current == nil {
		f.parent.leave()
	}
}

// enter joins the ring, last.
func (t *turn) enter() {
	at := t.parent.current
	if at == nil {
		t.prev, t.next, t.parent.current = t, t, t
		return
	}
	t.prev, t.next = at.prev, at
	at.prev.next, at.prev = t, t
}

// leave gives the place in the ring up.
func (t *turn) leave() {
	if t.next == t {
		t.parent.current = nil
	} else {
		t.prev.next, t.next.prev = t.next, t.prev
		if t.parent.current == t {
			t.parent.current = t.next
		}
	}
	t.prev, t.next = nil, nil
}

// take removes the items for which drop is true and passes each to taken.
func (q *readyQueue) take(drop func(*Item) bool, taken func(*Item)) {
	q.each(func(i *Item) {
		if drop(i) {
			q.remove(i)
			taken(i)
		}
	})
}

// each calls f with all, flow by flow.
func (q *readyQueue) each(f func(*Item)) {
	if q.len == 0 {
		return
	}
	var all []*Item // f may take them out
	for topic := q.root.current; ; {
		for flow := topic.current; ; {
			for i := flow.items.head; i != nil; i = i.next {
				all = append(all, i)
			}
			if flow = flow.next; flow == topic.current {
				break
			}
		}
		if topic = topic.next; topic == q.root.current {
			break
		}
	}
	for _, i := range all {
		f(i)
	}
}

// since is when the first of those that are ready became so.
func (q *readyQueue) since() (first time.Time) {
	for topic := q.root.current; ; {
		for flow := topic.current; ; {
			for i := flow.items.head; i != nil; i = i.next {
				first = sooner(first, i.ReadyAt)
			}
			if flow = flow.next; flow == topic.current {
				break
			}
		}
		if topic = topic.next; topic == q.root.current {
			return first
		}
	}
}

// oldest is the age of the message that was produced first, of those whose turn
// in their flow it is.
func (q *readyQueue) oldest(now time.Time) (oldest time.Duration) {
	if q.len == 0 {
		return 0
	}
	for topic := q.root.current; ; {
		for flow := topic.current; ; {
			oldest = max(oldest, age(flow.items.head.Message, now))
			if flow = flow.next; flow == topic.current {
				break
			}
		}
		if topic = topic.next; topic == q.root.current {
			return oldest
		}
	}
}
