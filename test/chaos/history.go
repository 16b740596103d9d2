package chaos

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// History is all that a run saw. Times are since its start, by one monotonic
// clock.
type History struct {
	Run      Run
	Acks     []Ack
	Attempts []Attempt
	Faults   []Fault
	Samples  []Sample
	Letters  []Letter
	Lives    []Life
	Stalls   []Stall
	Ends     []End
}

// Run says what was run.
type Run struct {
	Seed    uint64        `json:"seed"`
	Lasting time.Duration `json:"lasting"`
	// Top is the highest level.
	Top int `json:"top"`
}

// Ack is a message that Kafka has acknowledged.
type Ack struct {
	ID        int64         `json:"id"`
	At        time.Duration `json:"at"`
	Topic     string        `json:"topic"`
	Partition int32         `json:"partition"`
	// Offset is below 0 when the broker didn't say it: the batch was sent twice.
	Offset int64  `json:"offset"`
	Level  int    `json:"level"`
	Key    string `json:"key"`
	// Apart is a message of the topic that is deleted now and then.
	Apart bool `json:"apart,omitempty"`
}

// Outcome is how an attempt ended, as the handler knows it.
type Outcome string

// What an attempt can come to. Abandoned: the daemon hung up before the answer.
const (
	Done      Outcome = "done"
	Failed    Outcome = "failed"
	Dead      Outcome = "dead"
	Cut       Outcome = "cut"
	Abandoned Outcome = "abandoned"
)

// Attempt is one call of the handler.
type Attempt struct {
	ID int64 `json:"id"`
	// Daemon is the process that called, such as 2.3: the third of the second.
	Daemon    string        `json:"daemon"`
	Number    int           `json:"number"`
	Topic     string        `json:"topic"`
	Partition int32         `json:"partition"`
	Offset    int64         `json:"offset"`
	Level     int           `json:"level"`
	Start     time.Duration `json:"start"`
	End       time.Duration `json:"end"`
	Result    Outcome       `json:"result"`
}

// Fault is one thing that was broken from Start until it was whole again at End.
type Fault struct {
	Kind   Kind   `json:"kind"`
	Target string `json:"target,omitempty"`
	// Daemon is the process that it hits; empty when it hits them all.
	Daemon string        `json:"daemon,omitempty"`
	Start  time.Duration `json:"start"`
	End    time.Duration `json:"end"`
}

// Sample is a committed offset that is new, and when the answer with it came.
type Sample struct {
	At        time.Duration `json:"at"`
	Topic     string        `json:"topic"`
	Partition int32         `json:"partition"`
	Offset    int64         `json:"offset"`
}

// Letter is a message in a dead-letter topic, and when the broker appended it.
type Letter struct {
	ID int64         `json:"id"`
	At time.Duration `json:"at"`
}

// Life is one process of a daemon.
type Life struct {
	Daemon string        `json:"daemon"`
	Start  time.Duration `json:"start"`
	End    time.Duration `json:"end"`
	// Asked is whether the end was a fault's or the run's.
	Asked bool `json:"asked"`
	// Stop is how long a SIGTERM took, 0 without one; Code the exit code after it.
	Stop time.Duration `json:"stop,omitempty"`
	Code int           `json:"code"`
}

// Stall is a time in which the test itself got no processor, or too many others
// wanted one. Those of a history are in order and apart.
type Stall struct {
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
}

// End is a partition when all was over: what is committed, and what is in it.
type End struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Committed int64  `json:"committed"`
	Offset    int64  `json:"offset"`
}

// line is one line of a history's file: one field is set.
type line struct {
	Run     *Run     `json:"run,omitempty"`
	Ack     *Ack     `json:"ack,omitempty"`
	Attempt *Attempt `json:"attempt,omitempty"`
	Fault   *Fault   `json:"fault,omitempty"`
	Sample  *Sample  `json:"sample,omitempty"`
	Letter  *Letter  `json:"letter,omitempty"`
	Life    *Life    `json:"life,omitempty"`
	Stall   *Stall   `json:"stall,omitempty"`
	End     *End     `json:"end,omitempty"`
}

// Write writes the history as JSON lines.
func (h *History) Write(to io.Writer) error {
	out := bufio.NewWriter(to)
	encoder := json.NewEncoder(out)
	err := encoder.Encode(line{Run: &h.Run})
	for n := range h.Acks {
		err = errors.Join(err, encoder.Encode(line{Ack: &h.Acks[n]}))
	}
	for n := range h.Attempts {
		err = errors.Join(err, encoder.Encode(line{Attempt: &h.Attempts[n]}))
	}
	for n := range h.Faults {
		err = errors.Join(err, encoder.Encode(line{Fault: &h.Faults[n]}))
	}
	for n := range h.Samples {
		err = errors.Join(err, encoder.Encode(line{Sample: &h.Samples[n]}))
	}
	for n := range h.Letters {
		err = errors.Join(err, encoder.Encode(line{Letter: &h.Letters[n]}))
	}
	for n := range h.Lives {
		err = errors.Join(err, encoder.Encode(line{Life: &h.Lives[n]}))
	}
	for n := range h.Stalls {
		err = errors.Join(err, encoder.Encode(line{Stall: &h.Stalls[n]}))
	}
	for n := range h.Ends {
		err = errors.Join(err, encoder.Encode(line{End: &h.Ends[n]}))
	}
	return errors.Join(err, out.Flush())
}

// Read reads what Write wrote. An error names the line.
func Read(from io.Reader) (*History, error) {
	h := &History{}
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	for n := 1; ; n++ {
		var l line
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return h, nil
		} else if err != nil {
			return nil, fmt.Errorf("read history, line %d: %w", n, err)
		}
		h.take(&l)
	}
}

func (h *History) take(l *line) {
	if l.Run != nil {
		h.Run = *l.Run
	}
	put(&h.Acks, l.Ack)
	put(&h.Attempts, l.Attempt)
	put(&h.Faults, l.Fault)
	put(&h.Samples, l.Sample)
	put(&h.Letters, l.Letter)
	put(&h.Lives, l.Life)
	put(&h.Stalls, l.Stall)
	put(&h.Ends, l.End)
}

func put[T any](list *[]T, item *T) {
	if item != nil {
		*list = append(*list, *item)
	}
}

// ReadFile reads a history's file.
func ReadFile(path string) (*History, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	return Read(f)
}

// Journal is the history in the making. Safe from any goroutine.
type Journal struct {
	began time.Time
	mu    sync.Mutex
	h     History
}

// NewJournal begins a run.
func NewJournal(r Run) *Journal { return &Journal{began: time.Now(), h: History{Run: r}} }

// Now is the time since the run's start.
func (j *Journal) Now() time.Duration { return time.Since(j.began) }

// Since is a time of the wall clock as the run counts it.
func (j *Journal) Since(t time.Time) time.Duration { return t.Sub(j.began) }

// note adds to the history.
func (j *Journal) note(add func(h *History)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	add(&j.h)
}

// History is what has been seen so far.
func (j *Journal) History() History {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.h
}
