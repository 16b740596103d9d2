package scheduler

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// The naive scheduler: the same rules over a flat list of messages, with loops.
// It has no heaps, linked lists, sets of levels, counters or caches, so that it
// can be read against DESIGN.md and be seen to be right; small_test.go holds the
// core against it. Times are nanoseconds, keys, partitions and topics numbers.

// naive is all pools.
type naive struct {
	pools    []*naivePool
	started  bool
	draining bool
	began    int64 // when the first partition was assigned; 0: none was
	wait     int64
	levels   int // that there are
	members  []naiveMember
	halted   []bool  // by level: paused by hand
	until    []int64 // until when; 0: no end
	all      []*naiveMessage
	asked    []naiveAsked // revocations that aren't answered
	said     naiveSaid
	now      int64
	freed    [smallKeys]int64 // when a message that went before higher levels last gave its key back
	proof    naiveProof
}

// naiveMember is a consumer; those that are gone stay in the list.
type naiveMember struct {
	pool    int
	level   boostd.Level // None: mixed
	missing bool         // the start waits for it
	waiting int          // in the brokers
	order   Order        // of the partitions that it opens
	// leaving takes nothing any more, and left has been said of it.
	leaving, left, gone bool
}

type naivePool struct {
	config PoolConfig
	// shares are those of the policy, highest level first, each with its credit in
	// hundredths of a message.
	shares   []Share
	credit   []int
	competes []bool
	lines    []naiveLine // by level
	mean     []estimate  // by level
	free     []int       // the last one goes first
	batches  []naiveBatch
	// recalling counts recalls that are not answered yet.
	recalling int
	group     []naiveGroup // by level
}

// naiveBatch is what a slot has.
type naiveBatch struct {
	busy, open, asked bool
	whole             bool
	level, rank       boostd.Level
	at                int64
	work              time.Duration
	items             []*naiveMessage
}

// naiveGroup is what all instances have to do of a level, and since when they have
// done nothing of it.
type naiveGroup struct {
	known       bool
	outstanding int64
	done        int64
	moved       int64
}

type naiveState uint8

// A message stands in its level's line, is behind another of its key, waits for
// a retry, is out with a worker, or on its way to the dead-letter topic.
const (
	gone naiveState = iota
	inLine
	behind
	inBackoff
	out
	burying
)

type naiveMessage struct {
	id            int
	pool          int
	consumer      ConsumerID
	life          *naiveLife
	level         boostd.Level
	offset        int64
	key           int // -1: none
	topic, flow   int // whose turn it waits for
	part          int32
	fetched, due  int64
	ready         int64 // since when it is; 0: it isn't, or nobody asked
	attempt       int
	held          bool
	state         naiveState
	ran, failed   bool // it was dispatched; an attempt has failed here
	last          bool // no attempt follows the one that is out
	overdue, owed bool // of its last dispatch
}

// naiveLife is one assignment of a partition.
type naiveLife struct {
	id     int
	tp     boostd.TopicPartition
	on     ConsumerID
	order  Order
	closed bool
}

type naiveAsked struct {
	consumer ConsumerID
	tps      []boostd.TopicPartition
	lives    []*naiveLife
}

// naiveLine is a level's line: its topics take turns, and in a topic its flows
// do, which are partitions or tenants. Whose turn it is stands first.
type naiveLine struct {
	topics []int
	flows  []naiveFlow
	waits  []*naiveMessage // those of one flow in their order
}

type naiveFlow struct{ topic, id int }

func (m *naiveMessage) turn() naiveFlow { return naiveFlow{m.topic, m.flow} }

// first is whoever waits first in the flow, or nil.
func (l *naiveLine) first(f naiveFlow) *naiveMessage {
	for _, m := range l.waits {
		if m.turn() == f {
			return m
		}
	}
	return nil
}

// current is the flow whose turn it is in a topic.
func (l *naiveLine) current(topic int) naiveFlow {
	for _, f := range l.flows {
		if f.topic == topic {
			return f
		}
	}
	panic("a topic without a flow")
}

// stand adds a message to its flow, at the end or in front. One that has had its
// turn and comes back in front has it again.
func (l *naiveLine) stand(m *naiveMessage, front bool) {
	m.state = inLine
	if front {
		l.waits = slices.Insert(l.waits, 0, m)
	} else {
		l.waits = append(l.waits, m)
	}
	if !slices.Contains(l.flows, m.turn()) {
		l.flows = append(l.flows, m.turn())
	}
	if !slices.Contains(l.topics, m.topic) {
		l.topics = append(l.topics, m.topic)
	}
	if !front || !m.ran {
		return
	}
	for l.current(m.topic) != m.turn() {
		last(l.flows, l.current(m.topic))
	}
	for l.topics[0] != m.topic {
		last(l.topics, l.topics[0])
	}
}

// last moves an element to the end.
func last[T comparable](all []T, one T) {
	at := slices.Index(all, one)
	copy(all[at:], all[at+1:])
	all[len(all)-1] = one
}

// leave takes a message out of the line.
func (l *naiveLine) leave(m *naiveMessage) {
	l.waits = slices.DeleteFunc(l.waits, func(o *naiveMessage) bool { return o == m })
	if l.first(m.turn()) != nil {
		return
	}
	l.flows = slices.DeleteFunc(l.flows, func(f naiveFlow) bool { return f == m.turn() })
	if !slices.ContainsFunc(l.flows, func(f naiveFlow) bool { return f.topic == m.topic }) {
		l.topics = slices.DeleteFunc(l.topics, func(t int) bool { return t == m.topic })
	}
}

// next takes the one whose turn it is out, and the turn goes on.
func (l *naiveLine) next() *naiveMessage {
	topic := l.topics[0]
	f := l.current(topic)
	m := l.first(f)
	last(l.flows, f)
	last(l.topics, topic)
	l.leave(m)
	return m
}

// taken reports whether a message of the key runs or waits for its retry.
func (n *naive) taken(key int) bool {
	for _, m := range n.all {
		if m.key == key && (m.state == out || m.state == inBackoff) {
			return true
		}
	}
	return false
}

// admits reports whether a message may stand in its line: nothing of its key is
// taken, or stands in the line of its level or above.
func (n *naive) admits(m *naiveMessage) bool {
	if n.halted[m.level] || n.taken(m.key) {
		return false
	}
	for _, o := range n.all {
		if o.key == m.key && o.state == inLine && o.level >= m.level {
			return false
		}
	}
	return true
}

// firstBehind is what waits first for a key: the highest level, and there the
// lowest offset. It is nil where there is none.
func (n *naive) firstBehind(key int, paused bool) (first *naiveMessage) {
	for _, m := range n.all {
		if m.key != key || m.state != behind || !paused && n.halted[m.level] {
			continue
		}
		if first == nil || m.level > first.level || m.level == first.level && m.offset < first.offset {
			first = m
		}
	}
	return first
}

// arrive lets a fetched message stand in line, or wait for its key.
func (n *naive) arrive(m *naiveMessage) {
	if m.key >= 0 && !slices.ContainsFunc(n.all, func(o *naiveMessage) bool { return o != m && o.key == m.key && o.state != gone && o.state != burying }) {
		n.freed[m.key] = 0 // nobody remembers the key
	}
	if m.key < 0 || n.admits(m) {
		m.ready = m.fetched
		n.line(m).stand(m, false)
	} else {
		m.state, m.ready = behind, 0
	}
}

// comeBack gives a message its place back.
func (n *naive) comeBack(m *naiveMessage) {
	if m.key < 0 {
		n.line(m).stand(m, true)
		return
	}
	m.state = behind
	if n.firstBehind(m.key, false) != m || !n.admits(m) {
		m.ready = 0
	}
	n.promote(m.key)
}

// promote lets the next message of a key stand in line. It goes in front when it
// has had its turn, or is as old as the first one there.
func (n *naive) promote(key int) {
	if key < 0 {
		return
	}
	m := n.firstBehind(key, false)
	if m == nil || !n.admits(m) {
		return
	}
	if m.ready == 0 {
		m.ready = n.now
	}
	l := n.line(m)
	first := l.first(m.turn())
	l.stand(m, first == nil || m.ran || m.fetched <= first.fetched)
}

func (n *naive) line(m *naiveMessage) *naiveLine { return &n.pools[m.pool].lines[m.level] }
