package sdk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// batch is work for one slot: its own goroutine handles its messages one after the
// other, or as one.
type batch struct {
	handler  Handler
	together BatchHandler // nil when messages are handled one by one
	out      *sender
	ctx      context.Context // ends with the stream, and with the process
	over     *atomic.Bool    // the plugin ends: nothing more is to be begun
	timeout  time.Duration
	onEnd    func(*batch)

	ids      []uint64
	messages []Message
	calls    []call // one for each message; the first one serves all of together

	mu   sync.Mutex
	at   int    // the one that runs; what is before it is answered; -1 before the first
	gone []bool // answered before they began, because they were cancelled; nil when none was
}

func newBatch(w *wire.Batch) *batch {
	n := len(w.GetMessages())
	b := &batch{
		timeout: time.Duration(w.GetTimeoutMs()) * time.Millisecond,
		ids:     make([]uint64, n), messages: make([]Message, n), calls: make([]call, n), at: -1,
	}
	for i, m := range w.GetMessages() {
		b.ids[i] = m.GetId()
		b.messages[i].set(m)
	}
	return b
}

// run answers every message. Where the handler ends the goroutine, as the failure of a
// test does, another one goes on.
func (b *batch) run() {
	whole := false
	defer func() {
		if whole {
			b.onEnd(b)
			return
		}
		go b.run()
	}()
	for i, ok := b.begin(); ok; i, ok = b.begin() {
		if b.together != nil {
			b.all()
		} else {
			b.one(i)
		}
	}
	whole = true
}

// begin is the message to handle next; the first one that is left stands for all that
// are handled together.
func (b *batch) begin() (i int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.together != nil && b.at >= 0 {
		return 0, false
	}
	for i = b.at + 1; i < len(b.ids); i++ {
		b.at = i
		if b.over.Load() || b.ctx.Err() != nil {
			b.giveUp(i)
		}
		if b.gone == nil || !b.gone[i] {
			return i, true
		}
	}
	b.at = len(b.ids)
	return 0, false
}

// giveUp answers a message that hasn't begun. The lock is held.
func (b *batch) giveUp(i int) {
	if b.gone == nil {
		b.gone = make([]bool, len(b.ids))
	}
	if !b.gone[i] {
		b.gone[i] = true
		b.out.failed(givenUp(b.ids[i]))
	}
}

// cancel gives up those of the messages that ids has, and which aren't answered.
func (b *batch) cancel(ids map[uint64]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := max(b.at, 0); i < len(b.ids); i++ {
		switch {
		case !ids[b.ids[i]]:
		case b.at < 0, b.together == nil && i > b.at:
			b.giveUp(i)
		case b.together == nil:
			b.calls[i].cancel(errCancelled)
		case b.gone == nil || !b.gone[i]:
			b.calls[0].cancel(errCancelled)
		}
	}
}

// one handles a message.
func (b *batch) one(i int) {
	c := &b.calls[i]
	c.begin(b.ctx, b.timeout)
	err := errLeft
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		b.answer(i, err, c)
		c.cancel(errReturned)
	}()
	err = b.handler.Handle(c, &b.messages[i])
}

// all handles the messages as one, without those that were cancelled before.
func (b *batch) all() {
	c := &b.calls[0]
	c.begin(b.ctx, b.timeout)
	var which []int
	var messages []*Message
	for i := range b.ids {
		if b.gone == nil || !b.gone[i] { // nobody adds to gone once it has begun
			which, messages = append(which, i), append(messages, &b.messages[i])
		}
	}
	failed := errLeft
	var errs []error
	defer func() {
		if p := recover(); p != nil {
			failed = panicked(p)
		}
		for n, i := range which {
			if failed != nil {
				b.answer(i, failed, c)
			} else {
				b.answer(i, errs[n], c)
			}
		}
		c.cancel(errReturned)
	}()
	errs = checked(b.together.HandleBatch(c, messages), len(messages))
	failed = nil
}

var errLeft = errors.New("handler ended its goroutine instead of returning")

func (b *batch) answer(i int, err error, c *call) {
	if err == nil {
		b.out.done(b.ids[i])
		return
	}
	b.out.failed(failure(b.ids[i], err, c))
}

// panicked is the error of a handler that panicked. It must be called where the panic
// is recovered, so that the stack is the one of the panic.
func panicked(p any) error {
	err := fmt.Errorf("handler panicked: %s", describe(p))
	complain(err)
	return err
}

// describe is a panic's value, also of one whose own method panics.
func describe(p any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T", p)
		}
	}()
	if err, ok := p.(error); ok {
		return err.Error()
	}
	return fmt.Sprint(p)
}
