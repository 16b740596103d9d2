package sim

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// slot is a worker: it runs its batch one message after the other, as
// actors/work.go has it.
type slot struct {
	items []*scheduler.Item
	next  int // index of the next item to look at
	end   int // what is at or behind it was recalled
	rank  boostd.Level
	began int64
	// turn tells events of what is over apart.
	turn      uint32
	busy      bool // with items[next-1]
	preempted bool
	failures  []*scheduler.Item
}

func (s *slot) give(d *scheduler.Dispatch) {
	s.items, s.next, s.end, s.rank = d.Items, 0, len(d.Items), d.Rank
	s.preempted, s.failures = false, s.failures[:0]
	s.turn++
}

// recall takes away what it hasn't looked at, but for the first item unless all is
// set.
func (s *slot) recall(all bool) []*scheduler.Item {
	from := s.next
	if !all {
		from = min(max(from, 1), s.end)
	}
	rest := s.items[from:s.end]
	s.end = from
	return rest
}

// begin is when the batch has reached its worker.
func (in *instance) begin(n int32, turn uint32) {
	s := &in.slots[n]
	if s.turn != turn {
		return
	}
	s.began = in.w.now
	in.work(n)
}

// work starts the next message, unless the slot is wanted elsewhere: then the rest
// goes back.
func (in *instance) work(n int32) {
	s, w := &in.slots[n], in.w
	slice := int64(2 * w.slice)
	for {
		if s.preempted || s.next == s.end || in.core.Waiting(in.pool) > s.rank || s.next > 0 && w.now-s.began > slice {
			items := s.items[:s.end]
			s.items, s.next, s.end = nil, 0, 0 // the core may fill the slot at once
			s.turn++
			in.out--
			in.apply(in.core.Finished(w.time(), in.pool, int(n), items))
			return
		}
		i := s.items[s.next]
		s.next++
		if !s.follows(i) {
			in.start(n, i)
			return
		}
	}
}

// follows reports whether an earlier message of the same key failed: it will come
// again first.
func (s *slot) follows(i *scheduler.Item) bool {
	return slices.ContainsFunc(s.failures, i.Follows)
}

func (in *instance) start(n int32, i *scheduler.Item) {
	s, w := &in.slots[n], in.w
	m := i.Message
	i.StartedAt = w.time()
	if i.ReadyAt.IsZero() {
		i.ReadyAt = i.StartedAt // its predecessor in this batch has just ended
	}
	p := &w.partitions[m.Partition]
	if m.Attempt == 1 {
		t := &w.tallies[m.Level]
		if was, repeat := p.startedBefore(m.Offset); repeat {
			t.repeats++
		} else if !was {
			t.start(m.ProducedAt.Sub(start).Nanoseconds(), w.now, w.end)
		}
	}
	if w.watch != nil {
		w.watch.started(in, i)
	}
	s.busy = true
	s.turn++
	takes := w.topics[p.topic].takes(m, &in.random)
	w.queue.push(event{at: w.now + takes, kind: finish, who: in.index, what: n, turn: s.turn})
}

// finish is when a message's handler returns.
func (in *instance) finish(n int32, turn uint32) {
	s, w := &in.slots[n], in.w
	if s.turn != turn {
		return
	}
	i := s.items[s.next-1]
	i.Result.Outcome = boostd.Done
	if w.config.Failing > 0 && in.random.float() < w.config.Failing {
		i.Result = boostd.Result{Outcome: boostd.Retry, Reason: "simulated"}
		s.failures = append(s.failures, i)
	}
	in.end(n, i)
}

func (in *instance) end(n int32, i *scheduler.Item) {
	s, w := &in.slots[n], in.w
	s.busy = false
	i.FinishedAt = w.time()
	w.busy += i.FinishedAt.Sub(i.StartedAt)
	if w.watch != nil {
		w.watch.ended(in, i)
	}
	in.work(n)
}

// preempt asks a handler to end its batch. It stops when it honours that.
func (in *instance) preempt(n int) {
	s, w := &in.slots[n], in.w
	s.preempted = true
	if after := w.config.PreemptAfter; s.busy && after >= 0 {
		w.queue.push(event{at: w.now + int64(after), kind: giveUp, who: in.index, what: int32(n), turn: s.turn})
	}
}

// giveUp is when a handler that was told to stop does so; one that has returned
// meanwhile has a result.
func (in *instance) giveUp(n int32, turn uint32) {
	s := &in.slots[n]
	if s.turn != turn {
		return
	}
	i := s.items[s.next-1]
	i.Preempted = true
	i.Result = boostd.Result{Outcome: boostd.Retry, Reason: "preempted"}
	in.w.preempted++
	if m := i.Message; m.Attempt == 1 {
		in.w.partitions[m.Partition].noteStarted(m.Offset, false)
	}
	in.end(n, i)
}

// unfinished are the messages of a slot whose outcome nobody knows.
func (s *slot) unfinished() []*scheduler.Item { return s.items[:s.end] }

// probeEvery is how often a Source tells what waits in the brokers.
const probeEvery = int64(time.Second)
