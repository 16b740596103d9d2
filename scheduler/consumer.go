package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// Window is the most that one consumer may have here at once: fetched and not
// settled. It is reached, not exceeded, but for one message that is larger
// than what was left of Bytes.
type Window struct {
	Messages int
	Bytes    int64
}

// DefaultWindow keeps 11 consumers of 1 KB messages near 200 MiB, with the
// client's own prefetch (four times the messages cost 40 MiB more and brought
// no speed).
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
	id         ConsumerID
	config     ConsumerConfig
	pool       *pool
	partitions map[boostd.TopicPartition]*partition
	last       *partition // of the last message: runs of one partition are the rule
	revoking   []revocation
	caughtUp   bool
	joined     bool  // its group has given it an assignment, which isn't lost
	broker     int64 // waiting in the brokers, -1 unknown
	unsettled  int
	bytes      int64
	settled    []boostd.Settlement // of this step, for Effects
	ended      uint64              // settled since the start, but for what was released
	backoff    int                 // waiting for a retry
	gate       gateState
}

// partition is one assignment of a partition. A later assignment is another
// value, so that what still runs of the old one can't be taken for the new.
type partition struct {
	tp    boostd.TopicPartition
	order Order
	// closed: it is about to be given away. What is queued of it below reach is
	// still dispatched, because later messages may be done already: a commit
	// stops at the first that isn't, and everything behind would be repeated.
	closed bool
	gone   bool  // nothing more of it is dispatched
	reach  int64 // the highest offset that was ever dispatched, -1 before
	// queued are ready, behind a lock, or in backoff; inFlight with workers.
	queued, inFlight int
	held             uint64
	shown            []HeldMessage // the first of them
}

// surplus reports whether a queued item isn't to be dispatched any more.
func (p *partition) surplus(i *Item) bool {
	return p.gone || p.closed && i.Message.Offset > p.reach
}

// revocation is one question of the Source: partitions that it waits for.
type revocation struct {
	asked    []boostd.TopicPartition // open or not
	closed   []*partition
	deadline time.Time // of the Source's patience; zero once it is over
}

func (r revocation) drained() bool {
	for _, p := range r.closed {
		if p.inFlight+p.queued > 0 {
			return false
		}
	}
	return true
}

// giveUp ends the dispatch of what is still queued.
func (r *revocation) giveUp() {
	r.deadline = time.Time{}
	for _, p := range r.closed {
		p.gone = true
	}
}

// MaxHeldShown bounds the list of held messages that status shows for each
// partition; the count goes on.
const MaxHeldShown = 100

// HeldMessage is a message that was given up and waits for a person.
type HeldMessage struct {
	boostd.TopicPartition
	Offset   int64
	Level    boostd.Level
	Attempts int
	Reason   string
	At       time.Time
}

func (c *consumer) open(tp boostd.TopicPartition) *partition {
	if c.partitions[tp] == nil {
		c.partitions[tp] = &partition{tp: tp, order: c.config.Orders[tp.Topic], reach: -1}
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

// full reports whether the Source has no room for another message.
func (c *consumer) full() bool {
	w := c.config.Window
	return c.unsettled >= w.Messages || c.bytes >= w.Bytes
}

// halfEmpty reports whether more than half of the window is free.
func (c *consumer) halfEmpty() bool {
	w := c.config.Window
	return 2*c.unsettled < w.Messages && 2*c.bytes < w.Bytes
}

// hold notes that the item waits for a person.
func (p *partition) hold(i *Item, now time.Time) HeldMessage {
	h := HeldMessage{
		TopicPartition: p.tp, Offset: i.Message.Offset, Level: i.Message.Level,
		Attempts: i.Message.Attempt, Reason: i.Result.Reason, At: now,
	}
	p.held++
	if len(p.shown) < MaxHeldShown {
		p.shown = append(p.shown, h)
	}
	return h
}
