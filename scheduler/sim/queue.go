package sim

// kind is what happens.
type kind uint8

// An event's fields by kind; who is an instance unless said otherwise.
const (
	arrive   kind = iota // who: feed
	poll                 // what: subscription
	begin                // what: slot, turn: its batch
	finish               // what: slot, turn: its message
	giveUp               // what: slot, turn: its message, which was preempted
	tick                 //
	probe                //
	pause                // what: subscription, turn: 1 pauses and 0 resumes
	bury                 // who: burial
	change               // who: index in Config.Changes
	assign               // partitions that are due
	deadline             // turn: of a drain (what < 0), or what: subscription
	expire               // the group has noticed that it is gone
	half                 // the middle of the time
	ask                  // what all instances have to do; who: nobody
)

// event is something that will happen. Events of one time happen in the order in
// which they were pushed.
type event struct {
	at   int64  // nanoseconds from the beginning
	seq  uint64 // order of pushes
	who  int32
	what int32
	turn uint32
	kind kind
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// queue holds what will happen, soonest first: a heap of four children a node,
// which is half as deep as one of two. Nearly every event makes one follow, so
// the root's place stays open until the next push fills it or the next pop closes
// it: one way down instead of a way down and one up.
type queue struct {
	heap []event
	open bool // the root is gone
	seq  uint64
}

const arity = 4

func (q *queue) push(e event) {
	e.seq = q.seq
	q.seq++
	if q.open {
		q.open = false
		q.down(e)
		return
	}
	q.heap = append(q.heap, e)
	at := len(q.heap) - 1
	for at > 0 {
		parent := (at - 1) / arity
		if !e.before(&q.heap[parent]) {
			break
		}
		q.heap[at] = q.heap[parent]
		at = parent
	}
	q.heap[at] = e
}

// pop takes the soonest event; false when there is none.
func (q *queue) pop() (event, bool) {
	if q.open {
		q.open = false
		last := len(q.heap) - 1
		e := q.heap[last]
		if q.heap = q.heap[:last]; last > 0 {
			q.down(e)
		}
	}
	if len(q.heap) == 0 {
		return event{}, false
	}
	q.open = true
	return q.heap[0], true
}

// down finds the place of an event, from the root on.
func (q *queue) down(e event) {
	h, at := q.heap, 0
	for {
		first := at*arity + 1
		if first >= len(h) {
			break
		}
		least := first
		for n := first + 1; n < min(first+arity, len(h)); n++ {
			if h[n].before(&h[least]) {
				least = n
			}
		}
		if !h[least].before(&e) {
			break
		}
		h[at] = h[least]
		at = least
	}
	h[at] = e
}
