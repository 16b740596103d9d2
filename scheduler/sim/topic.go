package sim

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/kafkaboost/boostd"
)

// topic is what one line of the load is written to, at one level or, mixed, at
// all of its levels.
type topic struct {
	name  string
	load  *Load
	sub   int32
	times Times
	keys  []byte // four bytes for each key, so that a message's key is a part of it
	// recorded are the positions in load.Recorded of each partition's messages, by
	// offset.
	recorded [][]int32
	first    int // its partitions are first to first+load.Partitions-1
}

// subscription is what a priority consumer reads: the topics of one level, or
// all mixed ones. Each is a group of its own.
type subscription struct {
	level      boostd.Level
	mixed      bool
	topics     []int32
	partitions []int32
}

// entry is a run of messages in a partition's log that are alike.
type entry struct {
	at    int64 // when they were produced
	level int32
	key   int32 // from 1; 0 for none
	count int32
}

// message is one of them on its own.
type message struct {
	offset   int64
	at       int64
	level    int32
	key      int32
	attempts int32 // that have failed
}

// partition is a partition in the brokers, and whose it is. Its number, which no
// other partition of any topic has, is its Partition for the core.
type partition struct {
	topic, sub int32
	log        []entry
	head       int   // of log: what is before it was fetched
	taken      int32 // of the head's count
	waiting    int   // not fetched, again included
	position   int64 // offset of the next one in log
	// again are those that were given back unhandled; they come first.
	again []message
	// seen are offsets of what was started once and came to nothing: by an
	// instance that is gone (true), or preempted.
	seen map[int64]bool
	// epoch tells assignments apart, so that what comes back of an old one counts
	// for nothing.
	epoch  uint32
	reader *source // nil: nobody reads it
	holder *instance
	target int // index of the instance that should have it, -1 none
	// revoking: the holder finishes what it has begun; pending: it will be given
	// to its target.
	revoking, pending bool
	until             int64 // when it is taken from a holder that revoking waits for
}

// produce appends a run.
func (p *partition) produce(e entry) {
	p.waiting += int(e.count)
	if n := len(p.log) - 1; n >= p.head {
		if l := &p.log[n]; l.at == e.at && l.level == e.level && l.key == e.key && int64(l.count)+int64(e.count) < 1<<31 {
			l.count += e.count
			return
		}
	}
	if p.head > 1024 && p.head > len(p.log)/2 {
		p.log = p.log[:copy(p.log, p.log[p.head:])]
		p.head = 0
	}
	p.log = append(p.log, e)
}

// next takes the next message. There must be one.
func (p *partition) next() message {
	p.waiting--
	if len(p.again) > 0 {
		m := p.again[0]
		p.again = p.again[1:]
		return m
	}
	e := &p.log[p.head]
	m := message{offset: p.position, at: e.at, level: e.level, key: e.key}
	p.position++
	if p.taken++; p.taken == e.count {
		p.head, p.taken = p.head+1, 0
	}
	return m
}

// giveBack takes a message that wasn't handled.
func (p *partition) giveBack(m message) {
	p.again = append(p.again, m)
	p.waiting++
}

// order puts what was given back into the order of its offsets.
func (p *partition) order() {
	slices.SortFunc(p.again, func(a, b message) int { return int(a.offset - b.offset) })
}

// startedBefore reports, once, whether a message was started before without an
// outcome, and whether that was by an instance that is gone.
func (p *partition) startedBefore(offset int64) (was, repeat bool) {
	if len(p.seen) == 0 {
		return false, false
	}
	repeat, was = p.seen[offset]
	delete(p.seen, offset)
	return was, repeat
}

func (p *partition) noteStarted(offset int64, repeat bool) {
	if p.seen == nil {
		p.seen = map[int64]bool{}
	}
	p.seen[offset] = repeat
}

// build makes topics, subscriptions, partitions and feeds of the loads, and lays
// the backlogs into the partitions.
func (w *world) build() {
	subs := map[boostd.Level]int32{} // None's are the mixed ones
	for n := range w.config.Loads {
		l := &w.config.Loads[n]
		for level := l.First; level <= l.Last; level++ {
			if !l.Mixed || level == l.First {
				w.addTopic(l, n, level, subs)
			}
			w.addFeeds(l, int32(len(w.topics)-1), level)
		}
	}
	for _, s := range w.subs {
		for _, t := range s.topics {
			top := &w.topics[t]
			for p := range top.load.Partitions {
				w.subs[top.sub].partitions = append(w.subs[top.sub].partitions, int32(top.first+p))
			}
		}
	}
}

func (w *world) addTopic(l *Load, n int, level boostd.Level, subs map[boostd.Level]int32) {
	t := topic{name: strconv.Itoa(n) + "_" + strconv.Itoa(int(level)), load: l, times: w.config.Handler, first: len(w.partitions)}
	if l.Handler != nil {
		t.times = l.Handler
	}
	key := level
	if l.Mixed {
		key = -1
	}
	sub, ok := subs[key]
	if !ok {
		sub = int32(len(w.subs))
		subs[key] = sub
		w.subs = append(w.subs, subscription{level: max(key, 0), mixed: l.Mixed})
	}
	t.sub = sub
	w.subs[sub].topics = append(w.subs[sub].topics, int32(len(w.topics)))
	keys := l.Keys
	for _, r := range l.Recorded {
		keys = max(keys, int(r.Key))
	}
	t.keys = make([]byte, 4*(keys+1))
	for k := range keys + 1 {
		binary.BigEndian.PutUint32(t.keys[4*k:], uint32(k))
	}
	if l.Recorded != nil {
		t.recorded = make([][]int32, l.Partitions)
		for k, r := range l.Recorded {
			t.recorded[r.Partition] = append(t.recorded[r.Partition], int32(k))
		}
	}
	for range l.Partitions {
		w.partitions = append(w.partitions, partition{topic: int32(len(w.topics)), sub: sub, target: -1})
	}
	w.topics = append(w.topics, t)
}

// takes is how long the handler needs for a message of the topic, in nanoseconds.
func (t *topic) takes(m *boostd.Message, r *random) int64 {
	if t.recorded != nil {
		return int64(t.load.Recorded[t.recorded[int(m.Partition)-t.first][m.Offset]].Takes)
	}
	return t.times.draw(r)
}

// key is the bytes of a key, nil for none.
func (t *topic) key(number int32) []byte {
	if number == 0 {
		return nil
	}
	return t.keys[4*number : 4*number+4 : 4*number+4]
}
