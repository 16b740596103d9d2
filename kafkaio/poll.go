package kafkaio

import (
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// How the poll loop waits. A call that blocks inside the client keeps its
// processor until the runtime takes it away, up to 20 ms: what the loop has
// just made runnable waits that long, and timers with it. So it asks without waiting
// until there is nothing more, and sleeps in Go until the client's queue has something:
// that comes through a file, for which the runtime waits with all its others. Where the
// client can't announce anything the loop sleeps on a timer, and blocks inside the
// client only while nothing at all is on its way through the process.
const (
	idleWait = 100 * time.Millisecond
	// announcedWait is for a client that says when there is something.
	announcedWait = 500 * time.Millisecond
	busyWait      = time.Millisecond
	// pausedWait: a paused client has nothing to say but rebalances.
	pausedWait = 100 * time.Millisecond
	// holdWait is the longest time without a Poll, for the membership's sake.
	holdWait = time.Second
	// backlogInterval is the time between two Backlog events.
	backlogInterval = 100 * time.Millisecond
	// maxBatch is how many messages go up at once.
	maxBatch = 256
	// headroom is how many messages the polls of a full window may bring in all;
	// then the Source pauses by itself.
	headroom = 8
)

// pollState belongs to the poll loop's goroutine alone.
type pollState struct {
	in     intake // being filled
	spare  int    // how many messages the tracker takes at once
	timer  *time.Timer
	paused bool                           // what the client was told
	single map[boostd.TopicPartition]bool // paused alone: too much of it is pending
	// reading are assigned, and neither fetched from nor read to their end yet: from where
	// they are read, OffsetInvalid until that is known.
	reading map[boostd.TopicPartition]kafka.Offset
	last    boostd.TopicPartition // of the last message read
	caught  bool                  // CaughtUp was sent
	// starting are the client's first partitions, paused: see startTogether.
	starting map[boostd.TopicPartition]bool
	joined   bool      // there was an assignment
	told     int64     // the last Backlog sent
	counted  time.Time // when it was looked at
	ended    error     // what ends the loop
	polled   time.Time
	over     int  // messages taken beyond the window since it was full
	choked   bool // paused by itself: over has reached its bound
	expired  bool // the group has put us out, the client has not said so yet
}

func (p *pollState) init() {
	p.timer = time.NewTimer(time.Hour)
	p.single, p.reading = map[boostd.TopicPartition]bool{}, map[boostd.TopicPartition]kafka.Offset{}
	p.starting, p.told = map[boostd.TopicPartition]bool{}, -1
}

// run is the poll loop.
func (s *Source) run() {
	defer close(s.polled)
	defer s.poll.timer.Stop()
	for s.poll.ended == nil && !s.ending() {
		s.turned.Store(int64(time.Since(epoch)))
		s.fault()
		if s.stopped.Load() {
			s.serve()
			continue
		}
		s.applyTopics()
		s.applyOrigins()
		s.applyEndings()
		s.readAnew()
		s.readAgain()
		s.applyFlow()
		s.emitHeld()
		s.tellBacklog()
		messages, bytes := s.room()
		switch {
		case messages <= 0:
			s.catchUp() // with as much as it can have
			s.hold()
			continue
		case s.poll.paused:
			s.fetch(1, bytes, 0)
			s.sleep(pausedWait)
		case s.reader != nil:
			if s.fetch(min(messages, maxBatch), bytes, 0) == 0 {
				s.sleep(announcedWait)
			}
		case s.o.Activity.Busy():
			if s.fetch(min(messages, maxBatch), bytes, 0) == 0 {
				s.sleep(busyWait)
			}
		default:
			s.fetch(min(messages, maxBatch), bytes, idleWait)
		}
		s.poll.over, s.poll.choked = 0, false
	}
	if s.poll.ended != nil && !s.stopped.Load() {
		s.emit(&boostd.Stopped{Err: s.poll.ended})
	}
}

// listen wakes the poll loop when its client has something.
func (s *Source) listen() {
	for s.reader.await() {
		s.nudge()
	}
}

// ending reports whether the loop is over.
func (s *Source) ending() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// serve takes part in rebalances until the last commit has ended. Messages that
// come are left alone: they are not delivered and so will not be committed.
func (s *Source) serve() {
	for s.client.Poll(0) != nil {
		if s.ending() {
			return
		}
	}
	s.sleep(busyWait)
}

// hold waits until there is room. Once a second it polls, for rebalances and
// membership; a message that comes with it goes into headroom.
func (s *Source) hold() {
	s.sleep(time.Until(s.poll.polled.Add(holdWait)))
	if time.Since(s.poll.polled) < holdWait {
		return
	}
	if messages, _ := s.room(); messages <= 0 {
		s.poll.over += s.fetch(1, 1, 0)
		s.poll.choked = s.poll.over >= headroom
	}
}

// sleep waits, but not for longer than until somebody nudges or stops the loop.
func (s *Source) sleep(d time.Duration) {
	s.poll.timer.Reset(d)
	select {
	case <-s.poll.timer.C:
	case <-s.wake:
	case <-s.stop:
	}
}

// fetch takes at most n messages of about as many bytes, waiting at most wait
// for the first, emits them and returns how many events there were.
func (s *Source) fetch(n int, bytes int64, wait time.Duration) (events int) {
	in := &s.poll.in
	for in.accepted < n && in.bytes < bytes && events < 4*maxBatch {
		took, event := s.read(limits{min(n-in.accepted, max(s.poll.spare, 1)), bytes, wait})
		s.poll.polled = time.Now()
		if took == 0 {
			break
		}
		wait = 0
		events += took
		s.accept()
		s.handle(event)
	}
	s.flush()
	return events
}

// handle does what an event other than a message asks for.
func (s *Source) handle(event kafka.Event) {
	switch e := event.(type) {
	case kafka.PartitionEOF:
		s.reached(boostd.TopicPartition{Topic: *e.Topic, Partition: e.Partition}, int64(e.Offset))
	case kafka.Error:
		s.clientError(e)
	case *kafka.Stats:
		s.noteStats(e.String())
	case statsText:
		s.noteStats(string(e))
	case kafka.AssignedPartitions, kafka.RevokedPartitions: // of a batchReader
		_ = s.rebalance(s.client, e) // never fails
	}
}

// reached notes the end of a partition.
func (s *Source) reached(tp boostd.TopicPartition, offset int64) {
	s.mu.Lock()
	s.positions[tp] = offset
	s.mu.Unlock()
	delete(s.poll.reading, tp)
	s.flush()
	s.checkCaughtUp()
}

// checkCaughtUp goes by the client's own word for the ends alone: the probe may know
// them earlier, but until the client fetches it would not see a new message either.
func (s *Source) checkCaughtUp() {
	if s.poll.joined && len(s.poll.reading) == 0 {
		s.catchUp()
	}
}

func (s *Source) catchUp() {
	if !s.poll.caught {
		s.poll.caught = true
		s.emit(&boostd.CaughtUp{})
	}
}

// tellBacklog emits what waits in the brokers if that has changed, not often.
func (s *Source) tellBacklog() {
	now := time.Now()
	if now.Sub(s.poll.counted) < backlogInterval {
		return
	}
	s.poll.counted = now
	if backlog := s.waiting(); backlog != s.poll.told {
		s.poll.told = backlog
		s.emit(&boostd.Backlog{Messages: backlog})
	}
}
