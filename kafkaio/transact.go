package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

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
		p, err := newTransactor(s.o.Config, id, s.o.Level, s.logger, s.closed)
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
		err := of.init()
		if err == nil {
			err = of.begin()
		}
		if err != nil {
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
	open, account := t.open, t.open.account
	err := account.Write(s.tracker, m)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("produce to %s: %w", r.Topic, err)
	}
	heard := AckFunc(func(partition int32, offset int64, err error) {
		if err != nil {
			s.fail(account, m, r.Topic, err)
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
func (s *Source) fail(account *offsets.Transaction, m *boostd.Message, topic string, err error) {
	t := s.transacting
	t.refusals.note(m, topic, err, time.Now())
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

// errNotBegun says that there is no transaction to commit at the moment.
var errNotBegun = errors.New("no transaction is open yet")

// commitTransaction ends the open transaction and opens the other one's. It may take
// as long as brokers leave its outcome open. The caller has the token of commits.
func (s *Source) commitTransaction() error {
	t := s.transacting
	if t.stale.Load() {
		return errNotBegun
	}
	if !s.turn() {
		return nil
	}
	s.awaitSettled()
	s.mu.Lock()
	todo := s.tracker.Commits(nil)
	verdict := t.ending.account.Verdict(s.tracker, todo)
	s.mu.Unlock()
	if verdict != nil {
		return s.abort(fmt.Errorf("%w: %w", errAborted, verdict))
	}
	if s.o.BeforeCommit != nil {
		s.o.BeforeCommit()
	}
	group, err := s.groupMetadata()
	if err == nil {
		err = t.ending.end(commitList(todo), group, s.o.CommitTimeout)
	}
	if err != nil {
		s.checkMetadata(todo, err)
		return s.abort(err)
	}
	return s.ended(todo)
}

// turn has messages written in the other transaction from now on. It is false when
// there is nothing to commit.
func (s *Source) turn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.transacting
	if a := t.open.account; a.Failed() == nil && !a.Written() && len(s.tracker.Commits(nil)) == 0 {
		return false
	}
	t.open, t.ending = t.ending, t.open
	s.tracker.Begin(t.open.account)
	return true
}

// awaitSettled waits until all that is written in the ending transaction has its
// result, no longer than a commit may take.
func (s *Source) awaitSettled() {
	timeout := time.NewTimer(s.o.CommitTimeout)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		a := s.transacting.ending.account
		over := a.Failed() != nil || a.Open() == 0
		s.mu.Unlock()
		if over {
			return
		}
		select {
		case <-s.transacting.settled:
		case <-timeout.C:
			return
		case <-s.closed:
			return
		}
	}
}

// groupMetadata is what brokers know this member and its generation by: a member that
// has lost its place can't commit.
func (s *Source) groupMetadata() (*kafka.ConsumerGroupMetadata, error) {
	s.using.RLock()
	defer s.using.RUnlock()
	select {
	case <-s.closed:
		return nil, errClientClosed
	default:
	}
	group, err := s.client.GetConsumerGroupMetadata()
	if err != nil {
		return nil, fmt.Errorf("%w: ask for the group's metadata: %w", errAborted, err)
	}
	return group, nil
}

// ended notes that the transaction is committed, and begins its producer's next.
func (s *Source) ended(committed []offsets.Commit) error {
	t := s.transacting
	s.mu.Lock()
	for _, c := range committed {
		s.tracker.Committed(c)
	}
	t.ending.account = &offsets.Transaction{}
	s.committed, s.uncommitted = time.Now(), time.Time{}
	s.mu.Unlock()
	t.pause = firstPause
	t.refusals.forget()
	if s.logger.IsDebug() {
		s.logger.Debug("committed in a transaction", "partitions", len(committed))
	}
	err := t.ending.begin()
	if err != nil {
		s.spend(err)
	}
	return err
}

// abort takes back what was written and has all partitions read again. The turnstile
// stays shut until then.
func (s *Source) abort(reason error) error {
	t := s.transacting
	t.stale.Store(true)
	t.turnstile.shut()
	if errors.Is(reason, ErrFatal) || errors.Is(reason, errClientClosed) || errors.Is(reason, errGiven) {
		s.spend(reason)
		return reason
	}
	s.logger.Warn("transaction is aborted, and what was written in it is handled again", "reason", reason)
	for _, of := range []*session{t.ending, t.open} {
		err := of.abort()
		if err == nil {
			err = of.begin()
		}
		if err != nil {
			s.spend(err)
			return errors.Join(reason, err)
		}
	}
	s.mu.Lock()
	t.open.account, t.ending.account = &offsets.Transaction{}, &offsets.Transaction{}
	s.tracker.Begin(t.open.account)
	s.mu.Unlock()
	time.AfterFunc(t.pause, func() {
		t.anew.Store(true)
		s.nudge()
	})
	t.pause = min(2*t.pause, longestPause)
	return reason
}

// readAgain begins all partitions anew, in new epochs, from what is committed, after
// an abort. The poll loop's.
func (s *Source) readAgain() {
	t := s.transacting
	if t == nil {
		return
	}
	if err := t.spent.Load(); err != nil && s.poll.ended == nil {
		s.poll.ended = fmt.Errorf("%w: %w", errClientEnded, *err)
		return
	}
	if !t.anew.Swap(false) {
		return
	}
	s.flush()
	tps := s.partitions()
	if len(tps) > 0 {
		s.emit(&boostd.Lost{Partitions: tps})
		s.raise(tps)
		for _, tp := range tps {
			delete(s.poll.single, tp)
		}
		s.tellCrowded()
		if err := s.letGo(tps); err != nil {
			s.setTrouble("rebalance", fmt.Errorf("read %s again: %w", names(tps), err))
		}
		s.adopt(tps)
	}
	t.stale.Store(false)
	t.turnstile.open()
}
