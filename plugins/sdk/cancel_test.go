package sdk

import (
	"context"
	"errors"
	"maps"
	"sync/atomic"
	"testing"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// Cancel ends the one that runs, and answers those that haven't begun at once; unknown
// and answered ids harm nobody.
func TestCancel(t *testing.T) {
	began, release := make(chan int64, 10), make(chan struct{})
	s, _ := open(t, HandlerFunc(func(ctx context.Context, m *Message) error {
		began <- m.Offset
		switch m.Offset {
		case 1:
			<-ctx.Done()
			return errors.Join(errors.New("gave up"), context.Cause(ctx))
		case 4:
			<-release // ignores its context
		}
		return nil
	}))
	s.batch(0, 1, 2, 3)
	<-began
	s.cancel(3, 77)
	if got, want := s.results(1), map[uint64]string{3: "cancelled given up before it began"}; !maps.Equal(got, want) {
		t.Fatalf("results %v, want %v", got, want)
	}
	s.cancel(3, 1)
	want := map[uint64]string{1: "cancelled gave up\nboostd gives the message up", 2: "done"}
	if got := s.results(2); !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
	s.batch(0, 4, 5, 6)
	<-began
	<-began
	s.cancel(1, 2, 3, 4, 5, 6)
	if got := s.results(2); len(got) != 2 || got[5] == "" || got[6] == "" {
		t.Errorf("results %v, want those of 5 and 6", got)
	}
	close(release)
	if got, want := s.results(1), map[uint64]string{4: "done"}; !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
}

// A handler that answers with a verdict is taken at its word, cancelled or not.
func TestCancelledVerdict(t *testing.T) {
	began := make(chan struct{})
	s, _ := open(t, HandlerFunc(func(ctx context.Context, m *Message) error {
		close(began)
		<-ctx.Done()
		return Dead(ctx.Err())
	}))
	s.batch(0, 1)
	<-began
	s.cancel(1)
	if got, want := s.results(1), map[uint64]string{1: "dead context canceled"}; !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
}

// Of messages that are handled together some may have been given up before, and
// giving up one of the others ends the call.
func TestCancelTogether(t *testing.T) {
	began := make(chan []*Message)
	s, _ := open(t, BatchHandlerFunc(func(ctx context.Context, messages []*Message) []error {
		began <- messages
		<-ctx.Done()
		return []error{ctx.Err(), nil, Dead(ctx.Err())}
	}))
	s.order(newOrder(0, true, 1, 2, 3))
	<-began
	s.cancel(99)
	s.cancel(2)
	want := map[uint64]string{1: "cancelled context canceled", 2: "done", 3: "dead context canceled"}
	if got := s.results(3); !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
}

// What was given up before the first message began isn't handled; the rest is.
func TestCancelBeforeTheBatchBegins(t *testing.T) {
	for _, together := range []bool{false, true} {
		for _, gone := range [][]uint64{{1}, {2}, {1, 2}, {1, 2, 3}, {3}} {
			out := newSender(func(*wire.Results) error { return nil })
			var handled []uint64
			b := newBatch(newOrder(0, together, 1, 2, 3).GetBatch())
			h := BatchHandlerFunc(func(_ context.Context, messages []*Message) []error {
				for _, m := range messages {
					handled = append(handled, uint64(m.Offset))
				}
				return nil
			})
			b.handler, b.out, b.ctx, b.over, b.onEnd = h, out, t.Context(), &atomic.Bool{}, func(*batch) {}
			if together {
				b.together = h
			}
			ids := map[uint64]bool{}
			for _, id := range gone {
				ids[id] = true
			}
			b.cancel(ids)
			b.run()
			all := map[uint64]string{}
			add(t, all, out.next)
			if len(all) != 3 || len(handled) != 3-len(gone) {
				t.Errorf("together %v, gone %v: results %v, handled %v", together, gone, all, handled)
			}
			for _, id := range handled {
				if ids[id] || all[id] != "done" {
					t.Errorf("together %v, gone %v: %d was handled, its result is %s", together, gone, id, all[id])
				}
			}
		}
	}
}
