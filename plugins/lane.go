package plugins

import (
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins/wire"
)

// lane is how one slot talks with a process. It belongs to the call of Handle that
// has taken it; what arrives is put there by the stream's receiver.
type lane struct {
	stream *stream
	base   uint64 // of its ids
	next   uint64
	sent   []sent // in order; those before first are answered
	first  int
	order  wire.Order
	batch  wire.Batch
	pool   []*wire.Message // used again and again
	since  time.Time       // of the last answer, or of the first order behind it

	mu      sync.Mutex
	arrived []reply
	bell    chan struct{} // has room for one
}

// sent is a message that the plugin has; nil once it is answered.
type sent struct {
	id      uint64
	message *boostd.Message
}

// reply is one result; a nil failure means done.
type reply struct {
	id      uint64
	failure *wire.Failure
}

// laneBits is how much of an id says which lane it is of.
const laneBits = 40

// maxArrived bounds what waits for a lane: a plugin that replies more than it was
// asked is broken.
const maxArrived = 4096

func newLane(s *stream, number int) *lane {
	return &lane{stream: s, base: uint64(number) << laneBits, bell: make(chan struct{}, 1)}
}

// put is the receiver's. It reports whether there was room.
func (l *lane) put(replies []reply) bool {
	l.mu.Lock()
	room := len(l.arrived)+len(replies) <= maxArrived
	if room {
		l.arrived = append(l.arrived, replies...)
	}
	l.mu.Unlock()
	select {
	case l.bell <- struct{}{}:
	default:
	}
	return room
}

// collect takes what has arrived. The slice is valid until spare is given back.
func (l *lane) collect(spare []reply) []reply {
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.arrived
	l.arrived = spare[:0]
	return got
}

// add puts a message into the batch that is being filled.
func (l *lane) add(m *boostd.Message) {
	l.next++
	id := l.base | l.next
	l.sent = append(l.sent, sent{id, m})
	n := len(l.batch.Messages)
	if n == len(l.pool) {
		l.pool = append(l.pool, &wire.Message{})
	}
	fillWire(l.pool[n], id, m)
	l.batch.Messages = append(l.batch.Messages, l.pool[n])
}

// fillWire says a message in the protocol's words. Its bytes are the message's own.
func fillWire(w *wire.Message, id uint64, m *boostd.Message) {
	w.Id, w.Topic, w.Partition, w.Offset = id, m.Topic, m.Partition, m.Offset
	w.Level, w.Attempt = int32(m.Level), uint32(m.Attempt)
	w.Key, w.Value, w.Headers, w.ProducedAtNs = m.Key, m.Value, w.Headers[:0], 0
	if !m.ProducedAt.IsZero() {
		w.ProducedAtNs = m.ProducedAt.UnixNano()
	}
	for i := range m.Headers {
		w.Headers = append(w.Headers, &wire.Header{Key: m.Headers[i].Key, Value: m.Headers[i].Value})
	}
}

// flush sends the batch, if there is one.
func (l *lane) flush(timeout time.Duration, together bool) error {
	if len(l.batch.Messages) == 0 {
		return nil
	}
	if l.open() == len(l.batch.Messages) { // the plugin had nothing of ours
		l.since = time.Now()
	}
	l.batch.TimeoutMs, l.batch.Together = uint32(timeout.Milliseconds()), together
	l.order.Order = &wire.Order_Batch{Batch: &l.batch}
	err := l.stream.send(&l.order)
	for _, w := range l.batch.Messages { // nothing of a message is kept after its attempt
		w.Key, w.Value = nil, nil
		clear(w.Headers)
	}
	l.batch.Messages = l.batch.Messages[:0]
	return err
}

// cancel asks for everything that is open to be given up.
func (l *lane) cancel() error {
	c := &wire.Cancel{}
	for _, o := range l.sent[l.first:] {
		c.Ids = append(c.Ids, o.id)
	}
	return l.stream.send(&wire.Order{Order: &wire.Order_Cancel{Cancel: c}})
}

// open is how many messages the plugin has.
func (l *lane) open() int { return len(l.sent) - l.first }

// take removes a message from what is open; nil when there is none of that id.
func (l *lane) take(id uint64) *boostd.Message {
	at := l.first
	for at < len(l.sent) && l.sent[at].id != id { // mostly it is the first
		at++
	}
	if at == len(l.sent) {
		return nil
	}
	m := l.sent[at].message
	copy(l.sent[l.first+1:at+1], l.sent[l.first:at])
	l.sent[l.first] = sent{}
	l.first++
	if l.first == len(l.sent) {
		l.sent, l.first = l.sent[:0], 0
	}
	return m
}

// abandon takes all that is open, the oldest first.
func (l *lane) abandon() (messages []*boostd.Message) {
	for _, o := range l.sent[l.first:] {
		messages = append(messages, o.message)
	}
	clear(l.sent)
	l.sent, l.first = l.sent[:0], 0
	return messages
}
