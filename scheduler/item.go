package scheduler

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// Item is one message's place in the scheduler.
//
// Ownership goes with dispatch: from Dispatch until Finished the worker owns
// the item and writes StartedAt, FinishedAt and Result; at all other times the
// core does.
type Item struct {
	Message *boostd.Message

	// ReadyAt is when this attempt became dispatchable: fetched, backoff over,
	// or key free. Zero on dispatch when it waits for an earlier message of its
	// own batch; the worker then sets it as it starts the item.
	ReadyAt      time.Time
	DispatchedAt time.Time
	// StartedAt stays zero when the worker hands the item back unstarted.
	StartedAt  time.Time
	FinishedAt time.Time
	Result     boostd.Result
	// Interrupted: the daemon's stop cancelled the attempt. Unless it is done, it
	// doesn't count.
	Interrupted bool
	// Preempted: a Preempt cancelled the attempt. Unless it is done, the message
	// goes back to its place, and the attempt doesn't count.
	Preempted bool

	consumer  *consumer
	partition *partition
	lock      *lock // nil: no order to keep
	next      *Item
	size      int
	// failed: an attempt has, in this process, and its Source knows it.
	failed      bool
	firstFailed time.Time
}

// fetched is what the core keeps of a fetched message. A block of them is one
// allocation, which stays until the last is settled: a window full of messages
// that each stayed behind, with a retry or a low level, from another fetch of
// 256 would keep 100 MB.
type fetched struct {
	item    Item
	message boostd.Message
}

const block = 16

// Follows reports whether the two items share a key (or partition, as their
// order asks), so that one must not run when the other, earlier one failed.
func (i *Item) Follows(earlier *Item) bool {
	return i.lock != nil && i.lock == earlier.lock
}

// Verdict is what the attempt's result comes to: done, another attempt, a dead
// letter, held for a person, or none that counts. The audit and the core share it.
func (i *Item) Verdict() boostd.Outcome {
	switch {
	case i.Result.Outcome == boostd.Done:
		return boostd.Done
	case i.Interrupted:
		return boostd.Released
	case i.Result.Outcome == boostd.Retry && i.Message.Attempt < i.consumer.pool.config.Retry.Attempts:
		return boostd.Retry
	case i.consumer.pool.config.DeadLetters:
		return boostd.Dead
	}
	return boostd.Held
}

// list is a queue of items, linked through the items themselves: no operation
// allocates. An item is in at most one list.
type list struct {
	head, tail *Item
	len        int
}

func (l *list) pushBack(i *Item) {
	i.next = nil
	if l.tail == nil {
		l.head = i
	} else {
		l.tail.next = i
	}
	l.tail = i
	l.len++
}

func (l *list) pushFront(i *Item) {
	i.next = l.head
	l.head = i
	if l.tail == nil {
		l.tail = i
	}
	l.len++
}

func (l *list) popFront() *Item {
	i := l.head
	if i == nil {
		return nil
	}
	l.head = i.next
	if l.head == nil {
		l.tail = nil
	}
	i.next = nil
	l.len--
	return i
}

// remove takes one item out of the list that it is in.
func (l *list) remove(i *Item) {
	if l.head == i {
		l.popFront()
		return
	}
	before := l.head
	for before.next != i {
		before = before.next
	}
	before.next, i.next = i.next, nil
	if l.tail == i {
		l.tail = before
	}
	l.len--
}

// insert puts the item before the first one for which before is true, else at
// the end. The end is looked at first: that is where nearly all belong.
func (l *list) insert(i *Item, before func(*Item) bool) {
	switch {
	case l.tail == nil || !before(l.tail):
		l.pushBack(i)
	case before(l.head):
		l.pushFront(i)
	default:
		at := l.head
		for !before(at.next) {
			at = at.next
		}
		i.next, at.next = at.next, i
		l.len++
	}
}

// take removes the items for which drop is true and passes each to taken, in
// order; the rest keeps its order.
func (l *list) take(drop func(*Item) bool, taken func(*Item)) {
	old := *l
	*l = list{}
	for i := old.popFront(); i != nil; i = old.popFront() {
		if drop(i) {
			taken(i)
		} else {
			l.pushBack(i)
		}
	}
}
