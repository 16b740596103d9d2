package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kafkaboost/boostd"
)

// Stop implements actors.Source. What the caller wants committed must be
// settled before.
func (s *Source) Stop(ctx context.Context) error {
	if s.stopped.Swap(true) {
		return nil
	}
	if s.o.Probe != nil {
		s.o.Probe.remove(s)
	}
	s.resets.Stop()
	s.renewed.Stop()
	s.nudge()
	err := s.leave(ctx)
	s.mu.Lock()
	s.o.Activity.add(s.failed.messages - s.unsettled.messages)
	s.unsettled, s.failed = extent{}, extent{}
	s.mu.Unlock()
	if s.started {
		s.emit(&boostd.Stopped{Err: err})
	}
	return err
}

// leave commits first and only then ends the poll loop: a commit may have to
// wait for a rebalance that another member began, and that for our own part in
// it, which happens in the loop.
func (s *Source) leave(ctx context.Context) error {
	if !s.started {
		return s.close(ctx)
	}
	committed := s.commitFirmly(ctx)
	close(s.stop)
	if err := s.await(ctx, "poll loop", s.polled); err != nil {
		return errors.Join(committed, err) // its client can't be closed under it
	}
	if committed == nil { // else there is no time for another
		committed = s.commitRest(ctx)
	}
	return errors.Join(committed, s.close(ctx))
}

// commitRest commits what the poll loop was handing over as the last commit began, and
// was settled since. What can't be committed any more comes again.
func (s *Source) commitRest(ctx context.Context) error {
	if err := s.commit(ctx); !passing(err) {
		return err
	}
	return nil
}

func (s *Source) await(ctx context.Context, what string, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of the %s: %w", what, context.Cause(ctx))
	}
}

// close leaves the group. A client that hangs (a dead coordinator with a commit
// pending can block it for ever) is abandoned to the end of the process.
func (s *Source) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.CommitTimeout, errors.New("it hangs and is abandoned"))
	defer cancel()
	ended := make(chan struct{})
	var result error
	var closing sync.WaitGroup // not of tasks: it waits for them
	closing.Go(func() {
		defer close(ended)
		s.using.Lock()
		if s.reader != nil {
			s.reader.close() // the poll loop has ended
		}
		// Close alone doesn't tell the group when the client has no partitions at
		// the moment: then the others' next join would wait for its session's end.
		// A static member's place is kept for it until then, so it doesn't leave.
		if s.o.Member == "" {
			result = s.client.Unsubscribe()
		}
		result = errors.Join(result, s.endClient())
		close(s.closed)
		s.using.Unlock() // a task may wait for it, to find that there is nothing to do
		s.tasks.Wait()
		if t := s.transacting; t != nil {
			t.turnstile.shut() // for ever: who waits for it gives up when its time is over
			t.open.close()
			t.ending.close()
		}
	})
	if err := s.await(ctx, "client", ended); err != nil {
		// What was done is committed, or its failure said. The group will notice.
		s.logger.Warn("left without the group's answer: its other members wait for this one's session to end", "error", err)
		return nil
	}
	if result != nil {
		return fmt.Errorf("close client: %w", result)
	}
	return nil
}
