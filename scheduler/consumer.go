package scheduler

import "github.com/kafkaboost/boostd"

// Window is the most that one consumer may have here at once: fetched and not
// settled. It is reached, not exceeded, but for one message that is larger
// than what was left of Bytes.
type Window struct {
	Messages int
	Bytes    int64
}

// DefaultWindow keeps 11 consumers of 1 KB messages near 200 MiB, with the
// client's own prefetch. Twice the messages brought no speed, and more than some 2,000
// in one partition a commit's map can't name.
var DefaultWindow = Window{Messages: 1024, Bytes: 16 << 20}

// ConsumerConfig describes one priority consumer.
type ConsumerConfig struct {
	// Name is what status and logs call it.
	Name string
	Pool PoolID
	// Level is what its messages have; with Mixed (base topics) each message
	// has its own, and only its own full window ever holds or pauses it.
	Level boostd.Level
	Mixed bool
	// Window must be the one that its Source keeps to.
	Window Window
	// Orders says how a topic's messages are ordered; a topic that isn't there
	// is ordered by key.
	Orders map[string]Order
}

// consumer is a priority consumer as the core sees it.
type consumer struct {
	id          ConsumerID
	config      ConsumerConfig
	pool        *pool
	partitions  map[boostd.TopicPartition]*partition
	last        *partition // of the last message: runs of one partition are the rule
	revoking    []revocation
	caughtUp    bool
	joined      bool  // its group has given it an assignment, which isn't lost
	broker      int64 // waiting in the brokers, -1 unknown
	unsettled   int
	bytes       int64
	settled     []boostd.Settlement // of this step, for Effects
	spent       []*Item             // of these, what is done: see Core.Reuse
	ended       uint64              // settled since the start, but for what was released
	backoff     int                 // waiting for a retry
	burying     int                 // on their way to the dead-letter topic
	failed      int                 // of unsettled: at least one attempt has failed here
	failedBytes int64
	gate        gateState
	gated       int  // its place among the gated, from 1; 0: it runs
	touched     bool // in this step
	// leaving: see Leave; left: Effects.Left has named it. gone: it was removed, and
	// only what is still in flight knows of it.
	leaving, left, gone bool
}

// partition is one assignment of a partition. A later assignment is another
// value, so that what still runs of the old one can't be taken for the new.
type partition struct {
	tp     boostd.TopicPartition
	place  uint64 // of its locks' identities
	order  Order
	closed bool // it is about to be given away, or is: nothing more is dispatched
	// queued are ready, behind a lock, or in backoff; inFlight with workers; burying
	// on their way to the dead-letter topic.
	queued, inFlight, burying int
	held                      []HeldMessage
	// flows are its turns, by level; flow is the one that was needed last.
	flows     map[boostd.Level]*turn
	flow      *turn
	flowLevel boostd.Level
}

// revocation is one question of the Source: partitions that it waits for.
type revocation struct {
	asked  []boostd.TopicPartition // open or not
	closed []*partition
}

func (r revocation) drained() bool {
	for _, p := range r.closed {
		if p.inFlight+p.burying > 0 {
			return false
		}
	}
	return true
}

func (c *consumer) open(tp boostd.TopicPartition) *partition {
	if c.partitions[tp] == nil {
		c.partitions[tp] = &partition{tp: tp, place: placeHash(tp), order: c.config.Orders[tp.Topic]}
	}
	return c.partitions[tp]
}

// close ends the assignment of the partitions and returns what was open.
func (c *consumer) close(tps []boostd.TopicPartition) []*partition {
	var closed []*partition
	for _, tp := range tps {
		if p := c.partitions[tp]; p != nil {
			p.closed = true
			closed = append(closed, p)
			delete(c.partitions, tp)
		}
	}
	c.last = nil
	return closed
}

// partition finds the open assignment that a message belongs to, or nil.
func (c *consumer) partition(m *boostd.Message) *partition {
	if l := c.last; l != nil && l.tp.Partition == m.Partition && l.tp.Topic == m.Topic {
		return l
	}
	c.last = c.partitions[m.TopicPartition()]
	return c.last
}

// used is how much of the window is taken. What has failed and stays is in the
// second window that the Source has for it, as far as it fits there.
func (c *consumer) used() (messages int, bytes int64) {
	w := c.config.Window
	return c.unsettled - min(c.failed, w.Messages), c.bytes - min(c.failedBytes, w.Bytes)
}

// full reports whether the Source has no room for another message.
func (c *consumer) full() bool {
	messages, bytes := c.used()
	return messages >= c.config.Window.Messages || bytes >= c.config.Window.Bytes
}

// halfEmpty reports whether more than half of the window is free.
func (c *consumer) halfEmpty() bool {
	messages, bytes := c.used()
	return 2*messages < c.config.Window.Messages && 2*bytes < c.config.Window.Bytes
}
