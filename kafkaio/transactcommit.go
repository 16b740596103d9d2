package kafkaio

import (
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

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
	// Before the verdict: a partition that goes behind it goes with this generation,
	// and then brokers refuse the offsets.
	group, err := s.groupMetadata()
	if err != nil {
		return s.abort(err)
	}
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
	if err := t.ending.end(commitList(todo), group, s.o.CommitTimeout); err != nil {
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
	t.refusals.forget(committed)
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
	if errors.Is(reason, ErrFatal) || errors.Is(reason, errClientClosed) {
		s.spend(reason)
		return reason
	}
	s.logger.Warn("transaction is aborted, and what was written in it is handled again", "reason", reason)
	for _, of := range []*session{t.ending, t.open} {
		takeBack := of.abort
		if t.suspicion.Load() && !of.alone {
			takeBack = func() error { return s.separate(of) }
		}
		if err := takeBack(); err != nil {
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

// separate replaces a producer by one that sends each record by itself, so that it
// shows which of them is too large. It stays: who writes such messages writes more.
func (s *Source) separate(of *session) error {
	s.logger.Warn("a record is too large for its topic: from now on each is sent by itself, which is slower; raise the topic's max.message.bytes", "transactions", of.id)
	of.close()
	next, err := s.newTransactor(of.id, true)
	if err != nil {
		return err
	}
	s.mu.Lock()
	of.transactor = next
	s.mu.Unlock()
	return next.start()
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
