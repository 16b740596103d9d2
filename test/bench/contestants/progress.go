package main

import (
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// progress knows for each partition up to where everything is done, for contestants that
// end messages in another order than they were read in and commit only what is done. It is
// what somebody writes who has understood that a commit of one offset commits all below.
type progress struct {
	task    *task.Task
	windows []window // by level and partition
	names   []string
	noted   time.Time
	count   int // of messages since the clock was last looked at
}

func newProgress(t *task.Task) *progress {
	levels := t.Highest - t.Lowest + 1
	return &progress{task: t, windows: make([]window, levels*t.Partitions), names: topics(t)}
}

// window is what a partition has under way.
type window struct {
	mu    sync.Mutex
	epoch int    // of the assignment: what an earlier one began is nobody's any more
	first int    // the number of items[0], counted from the assignment on
	items []item // what was begun and isn't below next
	next  kafka.Offset
}

type item struct {
	offset kafka.Offset
	done   bool
}

// ticket is a message that was read.
type ticket struct {
	message *kafka.Message
	level   int
	window  *window
	epoch   int
	number  int
}

// begin notes that a message was read.
func (p *progress) begin(level int, m *kafka.Message) ticket {
	w := &p.windows[(level-p.task.Lowest)*p.task.Partitions+int(m.TopicPartition.Partition)]
	w.mu.Lock()
	defer w.mu.Unlock()
	w.items = append(w.items, item{offset: m.TopicPartition.Offset})
	return ticket{m, level, w, w.epoch, w.first + len(w.items) - 1}
}

// end notes that it is done.
func (t ticket) end() {
	w := t.window
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.epoch != t.epoch {
		return
	}
	w.items[t.number-w.first].done = true
	n := 0
	for ; n < len(w.items) && w.items[n].done; n++ {
		w.next = w.items[n].offset + 1
	}
	w.items, w.first = w.items[n:], w.first+n
}

// handle is a message's whole work.
func (t ticket) handle(s *slot) {
	p := &t.message.TopicPartition
	s.handle(t.level, *p.Topic, p.Partition, int64(p.Offset), producedAt(t.message))
	t.end()
}

// tick notes what is done when it is time to; of a consumer's own goroutine. It is called
// for each message, and when there is none.
func (p *progress) tick(c *kafka.Consumer, message bool) {
	if p.count++; message && p.count < countEvery {
		return
	}
	p.count = 0
	if now := time.Now(); now.Sub(p.noted) >= noteEvery {
		p.noted = now
		p.note(c)
	}
}

// note has the client commit what is done, with its next commit.
func (p *progress) note(c *kafka.Consumer) {
	var done []kafka.TopicPartition
	for n := range p.windows {
		w := &p.windows[n]
		w.mu.Lock()
		next := w.next
		w.mu.Unlock()
		if next > 0 {
			done = append(done, kafka.TopicPartition{Topic: &p.names[n/p.task.Partitions], Partition: int32(n % p.task.Partitions), Offset: next})
		}
	}
	if len(done) > 0 {
		_, _ = c.StoreOffsets(done) // of partitions that are gone it knows nothing
	}
}

// rebalanced is called by Poll. What of the partitions that go isn't done will be done
// again by whom they go to.
func (p *progress) rebalanced(c *kafka.Consumer, e kafka.Event) error {
	revoked, ok := e.(kafka.RevokedPartitions)
	if !ok {
		return nil
	}
	p.note(c)
	for _, tp := range revoked.Partitions {
		for n := range p.windows {
			if p.names[n/p.task.Partitions] == *tp.Topic && n%p.task.Partitions == int(tp.Partition) {
				p.windows[n].forget()
			}
		}
	}
	return nil
}

func (w *window) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.epoch++
	w.first, w.items, w.next = 0, nil, 0
}

// close commits what is done and leaves. The workers have ended.
func (p *progress) close(c *kafka.Consumer) error {
	p.note(c)
	return c.Close()
}
