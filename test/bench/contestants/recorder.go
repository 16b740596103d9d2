package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// recorder does a contestant's part of the protocol: it counts what slots begin and end,
// and talks with the benchmark. It is the same for all contestants, and what it costs a
// message (BenchmarkHandle) is small beside what the fastest needs.
type recorder struct {
	task  *task.Task
	mu    sync.Mutex // of out: a line is written as a whole
	out   *json.Encoder
	first atomic.Bool // the event First was written

	slotsMu sync.Mutex
	slots   []*slot
}

func newRecorder(t *task.Task, out io.Writer) *recorder {
	return &recorder{task: t, out: json.NewEncoder(out)}
}

// slot counts what is worked on by one goroutine at a time. Only a mark reads it besides,
// so nobody waits for anybody.
type slot struct {
	*recorder
	begun []atomic.Int64 // by level, from the lowest on
	ended atomic.Int64

	mu    sync.Mutex // a mark empties waits
	waits []int64
	_     [64]byte // the next slot's counters are in another cache line
}

// cacheLine, in counters of eight bytes, is what the counters of two slots must be apart.
const cacheLine = 8

func (r *recorder) slot() *slot {
	levels := r.task.Highest - r.task.Lowest + 1
	s := &slot{recorder: r, begun: make([]atomic.Int64, levels, levels+2*cacheLine)}
	r.slotsMu.Lock()
	defer r.slotsMu.Unlock()
	r.slots = append(r.slots, s)
	return s
}

// handle is a message's whole work. produced is its header ProducedAt, nil for none.
func (s *slot) handle(level int, topic string, partition int32, offset int64, produced []byte) {
	s.begin(level, topic, partition, offset, produced)
	s.work(partition, offset)
	s.end()
}

// begin counts the start of a message's work.
func (s *slot) begin(level int, topic string, partition int32, offset int64, produced []byte) {
	if produced != nil || s.task.Trace || !s.first.Load() {
		s.note(topic, partition, offset, produced)
	}
	s.begun[level-s.task.Lowest].Add(1)
}

// work takes the time that the message asks for.
func (s *slot) work(partition int32, offset int64) {
	if micros := s.task.Work(partition, offset); micros > 0 {
		time.Sleep(time.Duration(micros) * time.Microsecond)
	}
}

// end counts the end of a message's work.
func (s *slot) end() { s.ended.Add(1) }

// maxWaits bounds what a slot keeps between two marks.
const maxWaits = 1 << 22

// note is begin for the messages that somebody wants to know more of.
func (s *slot) note(topic string, partition int32, offset int64, produced []byte) {
	now := time.Now().UnixNano()
	if s.first.CompareAndSwap(false, true) {
		s.emit(task.Event{Event: task.First, At: now})
	}
	if s.task.Trace {
		s.emit(task.Event{Event: task.Handled, At: now, Topic: topic, Partition: partition, Offset: offset})
	}
	if produced == nil {
		return
	}
	at, err := strconv.ParseInt(string(produced), 10, 64)
	if err != nil {
		fail(fmt.Errorf("read header %s of %s/%d@%d: %w", task.ProducedAt, topic, partition, offset, err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waits) == maxWaits {
		fail(fmt.Errorf("no mark was asked for in %d messages with the header %s", maxWaits, task.ProducedAt))
	}
	s.waits = append(s.waits, now-at)
}

// fail ends a contestant whose figures would be wrong.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "contestants:", err)
	os.Exit(1)
}

// polling says that messages are asked for from now on.
func (r *recorder) polling() {
	r.emit(task.Event{Event: task.Polling, At: time.Now().UnixNano()})
}

func (r *recorder) emit(e task.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.out.Encode(e); err != nil {
		fail(fmt.Errorf("write event %s: %w", e.Event, err)) // nobody listens any more
	}
}

// mark is what happened until now. What is done was begun: so it is counted first.
func (r *recorder) mark() task.Event {
	r.slotsMu.Lock()
	slots := r.slots
	r.slotsMu.Unlock()
	e := task.Event{Event: task.Mark, Started: make([]int64, r.task.Highest-r.task.Lowest+1), Done: r.done()}
	e.At = time.Now().UnixNano()
	for _, s := range slots {
		for n := range s.begun {
			e.Started[n] += s.begun[n].Load()
		}
		s.mu.Lock()
		e.Waits = append(e.Waits, s.waits...)
		s.waits = s.waits[:0]
		s.mu.Unlock()
	}
	return e
}

func (r *recorder) done() (sum int64) {
	r.slotsMu.Lock()
	defer r.slotsMu.Unlock()
	for _, s := range r.slots {
		sum += s.ended.Load()
	}
	return sum
}

// The time between two looks at what is done: short when the end is near.
const (
	shortLook = 500 * time.Microsecond
	longLook  = 20 * time.Millisecond
)

// await says when the task's messages are done. It looks instead of being told, since to
// share one counter would cost every message more than all the rest of the recorder; its
// word is late by one short look.
func (r *recorder) await(ctx context.Context) {
	before, looked := int64(0), time.Now()
	timer := time.NewTimer(longLook)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		done, now := r.done(), time.Now()
		if done >= r.task.Count {
			r.emit(task.Event{Event: task.Finished, At: now.UnixNano()})
			return
		}
		pause := longLook / 4 // it may begin at any moment
		if done > before {    // half of the time that the rest takes at this rate
			pause = time.Duration(float64(now.Sub(looked)) * float64(r.task.Count-done) / float64(done-before) / 2)
		}
		timer.Reset(max(shortLook, min(pause, longLook)))
		before, looked = done, now
	}
}

// errStop is the cause of an end that was asked for.
var errStop = errors.New("stopped")

// obey carries out the commands until they end, and ends the contestant's context then.
func (r *recorder) obey(commands io.Reader, stop context.CancelCauseFunc) {
	lines := bufio.NewScanner(commands) // a line of at most 64 KiB
	for lines.Scan() {
		switch command := strings.TrimSpace(lines.Text()); command {
		case task.AskMark:
			r.emit(r.mark())
		case task.AskStop:
			stop(errStop)
			return
		default:
			stop(fmt.Errorf("command %.60q: want %s or %s", command, task.AskMark, task.AskStop))
			return
		}
	}
	if err := lines.Err(); err != nil {
		stop(fmt.Errorf("read commands: %w", err))
		return
	}
	stop(errStop)
}
