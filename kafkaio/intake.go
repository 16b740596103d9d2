package kafkaio

import (
	"errors"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// intake is a batch that is being filled. It belongs to the poll loop's goroutine.
type intake struct {
	// messages[:accepted] are those that the tracker knows and that will be emitted;
	// the rest is what was just read.
	messages []boostd.Message
	leaders  []int32 // the epochs of the rest's leaders, -1 unknown
	accepted int
	bytes    int64  // of messages
	topic    string // of the last message: one string serves all of a topic
	now      time.Time
}

// limits are how much is to be read: messages and, in the intake as a whole, bytes,
// exceeded by one message at most; and how long to wait for the first event.
type limits struct {
	messages int
	bytes    int64
	wait     time.Duration
}

// add makes room for one more message.
func (in *intake) add(leaderEpoch int32) *boostd.Message {
	if in.messages == nil {
		in.messages = room()
	}
	in.messages = append(in.messages, boostd.Message{})
	in.leaders = append(in.leaders, leaderEpoch)
	return &in.messages[len(in.messages)-1]
}

// rooms are slices for messages, used again and again by all Sources: they are much of
// what would be allocated.
var rooms sync.Pool // of *[]boostd.Message

func room() []boostd.Message {
	if r, ok := rooms.Get().(*[]boostd.Message); ok {
		return *r
	}
	return make([]boostd.Message, 0, maxBatch)
}

// reuse is a Batch's Reuse.
func reuse(messages []boostd.Message) {
	clear(messages)
	messages = messages[:0]
	rooms.Put(&messages)
}

// clockEvery is for how many polls in a row, none of which waits, one look at the
// clock is good enough: they take some 20 µs.
const clockEvery = 16

// openReader has messages read many at a time where the client allows it.
func (s *Source) openReader(newReader func(*kafka.Consumer) (*batchReader, error)) {
	if s.o.oneByOne {
		return
	}
	r, err := newReader(s.client)
	if err != nil {
		s.o.Activity.oneByOne.Do(func() {
			s.logger.Warn("messages are read one by one, at about half the speed", "reason", err)
		})
		return
	}
	s.reader = r
}

// read takes messages until one of the limits is reached, the client has nothing
// more, or an event comes that isn't a message: that one is returned. Rebalances
// happen inside. Nothing took place when events is 0.
func (s *Source) read(l limits) (events int, other kafka.Event) {
	in := &s.poll.in
	if s.reader != nil {
		return s.reader.read(in, l)
	}
	for events < l.messages && in.bytes < l.bytes {
		event := s.client.Poll(int(l.wait.Milliseconds()))
		if event == nil {
			return events, nil
		}
		if events%clockEvery == 0 || l.wait > 0 {
			in.now = time.Now()
		}
		l.wait = 0
		events++
		k, ok := event.(*kafka.Message)
		if !ok {
			return events, event
		}
		if k.TopicPartition.Error != nil {
			if failed, ok := errors.AsType[kafka.Error](k.TopicPartition.Error); ok {
				return events, failed
			}
			continue
		}
		in.take(k)
	}
	return events, nil
}

// take copies the client's message.
func (in *intake) take(k *kafka.Message) {
	leader := int32(-1)
	if k.TopicPartition.LeaderEpoch != nil {
		leader = *k.TopicPartition.LeaderEpoch
	}
	m := in.add(leader)
	if in.topic != *k.TopicPartition.Topic {
		in.topic = *k.TopicPartition.Topic
	}
	m.Topic = in.topic
	fill(m, k, in.now)
	in.bytes += int64(m.Size())
}

// statsText is a kafka.Stats, which only the client can make.
type statsText string

// String implements kafka.Event.
func (s statsText) String() string { return string(s) }

// accept tells the tracker of what was read, and drops what is done already or of
// an assignment that is over.
func (s *Source) accept() {
	in := &s.poll.in
	read := in.messages[in.accepted:]
	if len(read) == 0 {
		return
	}
	s.poll.last = read[len(read)-1].TopicPartition()
	var full []boostd.TopicPartition
	s.mu.Lock()
	for n := range read {
		m := &read[n]
		tp := m.TopicPartition()
		d := s.deliver(tp, m.Offset, in.leaders[n])
		if len(s.poll.reading) > 0 && d.Verdict != offsets.Refused {
			delete(s.poll.reading, tp)
		}
		if d.Verdict != offsets.Fresh {
			in.bytes -= int64(m.Size())
			continue
		}
		m.Epoch, m.Attempt, m.Held = d.Epoch, d.Attempts, d.Held
		if to := &in.messages[in.accepted]; to != m {
			*to = *m
		}
		in.accepted++
		if s.tracker.Full(tp) {
			full = append(full, tp)
		}
	}
	s.poll.spare = s.tracker.Spare(maxBatch, s.poll.single)
	if s.reader != nil {
		s.spent = s.reader.reuse(s.spent)
	}
	s.mu.Unlock()
	clear(in.messages[in.accepted:])
	in.messages, in.leaders = in.messages[:in.accepted], in.leaders[:0]
	for _, tp := range full {
		s.pauseAlone(tp)
	}
}

// deliver tells the tracker of a message. Where the client has gone back, the
// partition may be another topic's. The caller holds mu.
func (s *Source) deliver(tp boostd.TopicPartition, offset int64, leaderEpoch int32) offsets.Delivery {
	before, _ := s.tracker.Epoch(tp)
	d := s.tracker.Deliver(tp, offset, leaderEpoch)
	if d.Verdict != offsets.Refused && d.Epoch != before {
		s.logger.Warn("partition is read again from an earlier offset", "partition", tp.String(), "offset", offset)
		s.restoring[tp] = d.Epoch
		s.tasks.Go(func() { s.restore([]assignment{{tp, d.Epoch}}) })
	}
	return d
}

// flush emits the batch. It is called before anything else is emitted, so that
// events keep their order.
func (s *Source) flush() {
	s.accept() // what Poll brought before the rebalance inside it
	in := &s.poll.in
	n := in.accepted
	if n == 0 {
		return
	}
	messages := in.messages
	in.messages = nil // given away
	s.mu.Lock()
	s.unsettled.add(n, in.bytes)
	s.mu.Unlock()
	in.accepted, in.bytes = 0, 0
	s.o.Activity.add(n)
	s.emit(&boostd.Batch{Messages: messages, Reuse: reuse})
	s.checkCaughtUp()
}
