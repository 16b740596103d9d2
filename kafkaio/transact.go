package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// transacting is a Source's part in its transactions. Each is ended together with a
// commit of offsets, which is the only form of commit then: records and offsets become
// valid at once, or neither. There are two producers. While one ends its transaction,
// and waits for the results of all that was written in it, the other one's is open, so
// that nobody waits for a commit. When a transaction is aborted the tracker knows too
// much; so the other one is aborted, too, and all partitions are read again from what
// is committed, in new epochs.
type transacting struct {
	// open is written in; ending is being committed, or begun and not written in yet.
	// Who changes them has Source.mu and the token of commits.
	open, ending *session
	turnstile    *turnstile    // shut while there is nothing to write in
	settled      chan struct{} // something that was written is settled; holds one
	refusals     refusals
	suspicion    atomic.Bool   // one of several records that went together is too large
	pause        time.Duration // before partitions are read again; the committer's

	// stale: there is no transaction, or it was aborted and the partitions are not
	// read again yet.
	stale atomic.Bool
	anew  atomic.Bool           // for the poll loop: read them
	spent atomic.Pointer[error] // why the producers can't go on
}

// session is a producer with the account of its present transaction.
type session struct {
	*transactor
	account *offsets.Transaction // guarded by Source.mu
}

const (
	// firstPause and longestPause are between an abort and reading again; it doubles
	// with each abort until a transaction is committed.
	firstPause, longestPause = 50 * time.Millisecond, 10 * time.Second
)

func (s *Source) newTransacting() error {
	t := &transacting{turnstile: newTurnstile(), settled: make(chan struct{}, 1), pause: firstPause}
	for n, of := range []**session{&t.open, &t.ending} {
		id := s.o.Transactions.ID + "-" + strconv.Itoa(n)
		p, err := s.newTransactor(id, false)
		if err != nil {
			if t.open != nil {
				t.open.close()
			}
			return err
		}
		*of = &session{p, &offsets.Transaction{}}
	}
	t.stale.Store(true) // until it has begun
	s.tracker.Begin(t.open.account)
	s.transacting = t
	return nil
}

// beginTransactions is a task: it opens the first ones.
func (s *Source) beginTransactions() {
	t := s.transacting
	for _, of := range []*session{t.open, t.ending} {
		if err := of.start(); err != nil {
			s.spend(err)
			return
		}
	}
	t.stale.Store(false)
	t.turnstile.open()
}

// spend leaves a Source whose producer can't go on to its Consumer, which replaces it.
func (s *Source) spend(err error) {
	s.transacting.spent.Store(&err)
	s.nudge()
}

// Write writes a record for a message of this Source: it becomes valid together with
// the commit of the message as done, or not at all. While a transaction is being
// ended, or the queue is full, it waits, at most until ctx ends. The rest is as with
// Producer.Produce; a record that was acknowledged and isn't settled as done aborts
// the transaction. Only for a Source with Transactions. Safe from any goroutine.
func (s *Source) Write(ctx context.Context, m *boostd.Message, r Record, ack Ack) error {
	t := s.transacting
	if err := t.refusals.of(m, r.Topic, time.Now()); err != nil {
		return err
	}
	for {
		if err := t.turnstile.enter(ctx); err != nil {
			return fmt.Errorf("produce to %s: the transaction before isn't over: %w", r.Topic, err)
		}
		err := s.write(m, r, ack)
		t.turnstile.leave()
		if !errors.Is(err, ErrQueueFull) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("produce to %s: %w", r.Topic, context.Cause(ctx))
		case <-time.After(fullWait):
		}
	}
}

// write is one try, inside the turnstile.
func (s *Source) write(m *boostd.Message, r Record, ack Ack) error {
	t := s.transacting
	s.mu.Lock()
	open, account := t.open.transactor, t.open.account
	err := account.Write(s.tracker, m)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("produce to %s: %w", r.Topic, err)
	}
	heard := AckFunc(func(partition int32, offset int64, err error) {
		if err != nil {
			s.fail(open, account, m, r.Topic, err)
		}
		ack.Acked(partition, offset, err)
	})
	if err = open.producer.TryProduce(r, heard); err != nil {
		t.refusals.note(m, r.Topic, err, time.Now())
		s.mu.Lock()
		account.Unwrite(m)
		s.mu.Unlock()
		t.nudge()
	}
	return err
}

// fail notes that a record of a transaction was not written: none such can be
// committed.
func (s *Source) fail(by *transactor, account *offsets.Transaction, m *boostd.Message, topic string, err error) {
	t := s.transacting
	if errors.Is(err, ErrTooLarge) && !by.alone {
		t.suspicion.Store(true) // it may be another one of its batch
	} else {
		t.refusals.note(m, topic, err, time.Now())
	}
	s.mu.Lock()
	account.Fail(err)
	s.mu.Unlock()
	t.nudge()
}

// settle notes a message's result in the transaction that it was written in, if it was
// in one. The caller has Source.mu.
func (t *transacting) settle(m *boostd.Message, done bool) {
	t.ending.account.Settle(m, done)
	t.open.account.Settle(m, done)
}

// nudge has a waiting committer look again.
func (t *transacting) nudge() {
	select {
	case t.settled <- struct{}{}:
	default:
	}
}
