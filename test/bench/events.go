package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// journal is what a contestant has said. It is safe from any goroutine.
type journal struct {
	mu sync.Mutex
	// once are the events that come once, with what the contestant had used by then.
	once map[string]said
	// marks that nobody has taken yet.
	marks   []task.Event
	handled []task.Event
	wrong   error
	// changed is closed, and made anew, with each event.
	changed chan struct{}
}

type said struct {
	task.Event
	used usage
}

func newJournal() *journal {
	return &journal{once: map[string]said{}, changed: make(chan struct{})}
}

// read takes one line. used is asked when an event's figures depend on it.
func (j *journal) read(line []byte, used func() usage) {
	e, err := parseEvent(line)
	var u usage
	if err == nil && e.Event != task.Mark && e.Event != task.Handled {
		u = used()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case err != nil:
		j.wrong = err
	case e.Event == task.Mark:
		j.marks = append(j.marks, e)
	case e.Event == task.Handled:
		j.handled = append(j.handled, e)
	default:
		if _, twice := j.once[e.Event]; !twice {
			j.once[e.Event] = said{e, u}
		}
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

// parseEvent reads one line.
func parseEvent(line []byte) (e task.Event, err error) {
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("read event %.100q: %w", line, err)
	}
	switch e.Event {
	case task.Polling, task.First, task.Finished, task.Mark, task.Handled:
	default:
		return e, fmt.Errorf("read event %.100q: unknown", line)
	}
	if e.At <= 0 {
		return e, fmt.Errorf("read event %.100q: it has no time", line)
	}
	return e, nil
}

// event is the one of that kind, if it came, and what to wait for if it didn't.
func (j *journal) event(kind string) (s said, ok bool, changed <-chan struct{}, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s, ok = j.once[kind]
	return s, ok, j.changed, j.wrong
}

// mark takes the oldest mark.
func (j *journal) mark() (e task.Event, ok bool, changed <-chan struct{}, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.marks) == 0 {
		return e, false, j.changed, j.wrong
	}
	e, j.marks = j.marks[0], j.marks[1:]
	return e, true, j.changed, j.wrong
}

// trace is what was handled so far, in the order in which it was said.
func (j *journal) trace() []task.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clip(j.handled)
}
