package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// outcome is what came of a message.
type outcome struct {
	failure *wire.Failure // nil when it is done
	at      time.Time
	order   int // how many results of the stream came before
}

// stream is one Work, whose results are counted.
type stream struct {
	work grpc.BidiStreamingClient[wire.Order, wire.Results]
	stop func()

	mu     sync.Mutex
	sent   map[uint64]bool
	got    map[uint64]outcome
	wrong  error         // the first thing that isn't as it should be
	end    error         // why there will be no more; io.EOF for a good end
	change chan struct{} // closed and made anew with every change
}

// open opens a stream; stop must be called. The plugin isn't told our deadline: it is not
// to end a stream because of it.
func (t *target) open(parent context.Context) (*stream, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	follow := context.AfterFunc(parent, cancel)
	stop := func() { follow(); cancel() }
	work, err := t.handler.Work(ctx)
	if err != nil {
		stop()
		return nil, fmt.Errorf("open Work: %w", err)
	}
	s := &stream{work: work, stop: stop, sent: map[uint64]bool{}, got: map[uint64]outcome{}, change: make(chan struct{})}
	go s.receive()
	return s, nil
}

func (s *stream) receive() {
	for {
		r, err := s.work.Recv()
		s.mu.Lock()
		if err != nil {
			s.end = err
			s.changed()
			s.mu.Unlock()
			return
		}
		for _, id := range r.GetDone() {
			s.note(id, nil)
		}
		for _, f := range r.GetFailed() {
			s.note(f.GetId(), f)
		}
		s.changed()
		s.mu.Unlock()
	}
}

func (s *stream) note(id uint64, f *wire.Failure) {
	switch _, again := s.got[id]; {
	case s.wrong != nil:
	case !s.sent[id]:
		s.wrong = wrong("name the id of a message of this very stream", "a result came for id %d, which wasn't sent", id)
	case again:
		s.wrong = wrong("send exactly one result for each message, also after Cancel", "a second result came for message %d", id)
	case len(f.GetReason()) > maxReason:
		s.wrong = wrong("cut it to 200 bytes", "the reason of message %d has %d bytes", id, len(f.GetReason()))
	}
	s.got[id] = outcome{f, time.Now(), len(s.got)}
}

// maxReason is far more than the protocol's 200 bytes, which boostd cuts itself.
const maxReason = 64 << 10

func (s *stream) changed() {
	close(s.change)
	s.change = make(chan struct{})
}

// batch sends messages, which have their ids.
func (s *stream) batch(b *wire.Batch) error {
	s.mu.Lock()
	for _, m := range b.GetMessages() {
		s.sent[m.GetId()] = true
	}
	s.mu.Unlock()
	return s.send(&wire.Order{Order: &wire.Order_Batch{Batch: b}})
}

func (s *stream) cancel(ids ...uint64) error {
	return s.send(&wire.Order{Order: &wire.Order_Cancel{Cancel: &wire.Cancel{Ids: ids}}})
}

func (s *stream) send(o *wire.Order) error {
	if err := s.work.Send(o); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.end != nil {
			err = s.end
		}
		return fmt.Errorf("send on Work: %w", err)
	}
	return nil
}

// wait waits until ids have their results, and returns them in that order.
func (s *stream) wait(ctx context.Context, ids ...uint64) ([]outcome, error) {
	for {
		s.mu.Lock()
		var all []outcome
		var missing []uint64
		for _, id := range ids {
			if o, ok := s.got[id]; ok {
				all = append(all, o)
			} else {
				missing = append(missing, id)
			}
		}
		bad, end, change := s.wrong, s.end, s.change
		s.mu.Unlock()
		switch {
		case bad != nil:
			return nil, bad
		case len(missing) == 0:
			return all, nil
		case end != nil && ctx.Err() == nil:
			return nil, wrong("keep the stream open until boostd closes its side, and handle every error of a message",
				"the stream ended (%v) with %d of %d results missing", end, len(missing), len(ids))
		}
		select {
		case <-change:
		case <-ctx.Done():
			return nil, wrong("send a result for each message, whatever happens to it", "no result for %d of %d messages, such as %d",
				len(missing), len(ids), missing[0])
		}
	}
}

// finish closes our side. The results of all messages must come, and then the good end
// of the stream, with nothing behind the last result.
func (s *stream) finish(ctx context.Context) error {
	if err := s.work.CloseSend(); err != nil {
		return fmt.Errorf("close Work: %w", err)
	}
	for {
		s.mu.Lock()
		bad, end, change, missing := s.wrong, s.end, s.change, len(s.sent)-len(s.got)
		s.mu.Unlock()
		switch {
		case bad != nil:
			return bad
		case errors.Is(end, io.EOF) && missing == 0:
			return nil
		case errors.Is(end, io.EOF):
			return wrong("when boostd closes its side, send the results of what is left first", "the stream ended with %d results missing", missing)
		case end != nil && ctx.Err() == nil:
			return wrong("when boostd closes its side, end the call without an error", "the stream ended with %v", end)
		}
		select {
		case <-change:
		case <-ctx.Done():
			return wrong("when boostd closes its side and all results are sent, end the call", "the stream doesn't end; %d results are missing", missing)
		}
	}
}

// ids are those of messages.
func ids(b *wire.Batch) []uint64 {
	all := make([]uint64, 0, len(b.GetMessages()))
	for _, m := range b.GetMessages() {
		all = append(all, m.GetId())
	}
	return slices.Clip(all)
}
