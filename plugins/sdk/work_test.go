package sdk

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// Messages of one batch are handled in their order and one after the other, those of
// different batches at the same time.
func TestOrder(t *testing.T) {
	var mu sync.Mutex
	var order [2][]int64
	var running [2]atomic.Int32
	var both sync.WaitGroup
	both.Add(2)
	s, _ := open(t, HandlerFunc(func(_ context.Context, m *Message) error {
		batch := m.Offset / 10
		if running[batch].Add(1) > 1 {
			return Deadf("two at once of one batch")
		}
		defer running[batch].Add(-1)
		mu.Lock()
		order[batch] = append(order[batch], m.Offset)
		mu.Unlock()
		if m.Offset%10 == 1 {
			both.Done()
			both.Wait() // for the first one of the other batch
		}
		return nil
	}))
	s.batch(0, 1, 2, 3)
	s.batch(0, 11, 12, 13)
	for id, result := range s.results(6) {
		if result != "done" {
			t.Errorf("%d: %s", id, result)
		}
	}
	if want := [2][]int64{{1, 2, 3}, {11, 12, 13}}; !reflect.DeepEqual(order, want) {
		t.Errorf("handled in the order %v, want %v", order, want)
	}
}

// Each message has the timeout for itself.
func TestTimeout(t *testing.T) {
	s, _ := open(t, HandlerFunc(func(ctx context.Context, m *Message) error {
		d, ok := ctx.Deadline()
		if left := time.Until(d); !ok || left <= 0 || left > 50*time.Millisecond {
			return Deadf("deadline in %v, %v", left, ok)
		}
		if ctx.Err() != nil {
			return Dead(ctx.Err())
		}
		<-ctx.Done()
		return ctx.Err()
	}))
	s.batch(50*time.Millisecond, 1, 2)
	late := "retry timed out: context deadline exceeded"
	if got, want := s.results(2), (map[uint64]string{1: late, 2: late}); !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
}

// A handler that ends its goroutine, as a failing assertion does, has answered, and
// the batch goes on.
func TestGoexit(t *testing.T) {
	for _, together := range []bool{false, true} {
		s, _ := open(t, BatchHandlerFunc(func(_ context.Context, messages []*Message) []error {
			if messages[0].Offset == 1 {
				runtime.Goexit()
			}
			return nil
		}))
		s.order(newOrder(0, together, 1, 2))
		got := s.results(2)
		if got[1] != "retry "+errLeft.Error() || !together && got[2] != "done" {
			t.Errorf("together %v: results %v", together, got)
		}
	}
}

// When boostd closes its side, what is under way finishes, and then the stream ends.
func TestCloseSend(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("", func(t *testing.T) {
		began, release := make(chan struct{}), make(chan struct{})
		s, _ := open(t, HandlerFunc(func(ctx context.Context, m *Message) error {
			if m.Offset == 1 {
				close(began)
				<-release
			}
			return ctx.Err()
		}))
		s.batch(time.Hour, 1, 2)
		<-began
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		close(release)
		if got, want := s.results(2), map[uint64]string{1: "done", 2: "done"}; !maps.Equal(got, want) {
			t.Errorf("results %v, want %v", got, want)
		}
		if r, err := s.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("after the results came %v, %v", r, err)
		}
	})
	goroutines(t, before)
}

// A stream that breaks ends the contexts of its messages, and begins none any more.
func TestBrokenStream(t *testing.T) {
	before := runtime.NumGoroutine()
	began, ended := make(chan struct{}, 10), make(chan error, 10)
	t.Run("", func(t *testing.T) {
		s, _ := open(t, HandlerFunc(func(ctx context.Context, _ *Message) error {
			began <- struct{}{}
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}))
		s.batch(0, 1, 2)
		<-began
		s.breakOff()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("context ended with %v", err)
		}
	})
	goroutines(t, before)
	if n := len(began); n > 0 {
		t.Errorf("%d more began", n)
	}
}

// Before Start there is no work; a second Start does nothing.
func TestStart(t *testing.T) {
	s, service := open(t, HandlerFunc(func(context.Context, *Message) error { return nil }))
	if r, err := service.Start(t.Context(), &wire.StartRequest{}); err != nil || r.GetSdk() != version || r.GetName() == "" {
		t.Errorf("second start: %v, %v", r, err)
	}
	s.batch(0, 1)
	s.results(1)
	if err := newService(nil).Work(nil); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("work before start: %v", err)
	}
}

// At the end nothing begins any more, what runs may finish, and what doesn't is ended.
func TestEnd(t *testing.T) {
	began := make(chan struct{}, 10)
	s, service := open(t, HandlerFunc(func(ctx context.Context, _ *Message) error {
		began <- struct{}{}
		<-ctx.Done()
		return context.Cause(ctx)
	}))
	s.batch(0, 1, 2, 3)
	<-began
	if err := service.close(50*time.Millisecond, 10*time.Second); err != nil {
		t.Error(err)
	}
	before := "cancelled given up before it began"
	want := map[uint64]string{1: "cancelled the plugin ends", 2: before, 3: before}
	if got := s.results(3); !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
	if _, err := s.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ended with %v", err)
	}
	if err := service.Work(nil); status.Code(err) != codes.Unavailable {
		t.Errorf("work after the end: %v", err)
	}
}

// The context is one that the standard library knows: contexts made of it end with it,
// and none is left over.
func TestContext(t *testing.T) {
	kept := make(chan context.Context, 1)
	s, _ := open(t, HandlerFunc(func(ctx context.Context, m *Message) error {
		switch m.Offset {
		case 1: // never asks
		case 2:
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			if child.Err() != nil || ctx.Err() != nil {
				return Deadf("ended early")
			}
		}
		kept <- ctx
		return nil
	}))
	for id := range uint64(2) {
		s.batch(time.Minute, id+1)
		ctx := <-kept
		s.results(1)
		eventually(t, "the context has ended", func() bool { return ctx.Err() != nil })
		<-ctx.Done()
		if !errors.Is(ctx.Err(), context.Canceled) || !errors.Is(context.Cause(ctx), errReturned) {
			t.Errorf("ended with %v, %v", ctx.Err(), context.Cause(ctx))
		}
	}
}

// Exactly one result for each message, whatever handlers do and boostd takes back.
func TestExactlyOnce(t *testing.T) {
	const batches, size = 200, 20
	s, _ := open(t, HandlerFunc(func(ctx context.Context, m *Message) error {
		switch m.Offset % 7 {
		case 0:
			return errors.New("later")
		case 1:
			return Dead(nil)
		case 2:
			runtime.Goexit()
		case 3:
			runtime.Gosched()
		case 4:
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(m.Offset%5) * 100 * time.Microsecond):
			}
			return ctx.Err()
		}
		return nil
	}))
	go func() {
		r := rand.New(rand.NewPCG(1, 2))
		for b := range batches {
			var ids, some []uint64
			for i := range size {
				ids = append(ids, uint64(b*size+i))
				if r.IntN(4) == 0 {
					some = append(some, uint64(r.IntN(b*size+i+1)))
				}
			}
			o := newOrder(time.Duration(r.IntN(3))*time.Millisecond, false, ids...)
			if s.Send(o) != nil || s.Send(&wire.Order{Order: &wire.Order_Cancel{Cancel: &wire.Cancel{Ids: some}}}) != nil {
				return
			}
		}
		s.CloseSend()
	}()
	s.results(batches * size)
	if r, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last result came %v, %v", r, err)
	}
}

// The stacks are those of all goroutines, and no longer than the protocol allows.
func TestStacks(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	s, service := open(t, HandlerFunc(func(context.Context, *Message) error {
		if began != nil {
			close(began)
			waitsForTheWarehouse(release)
		}
		return nil
	}))
	s.batch(0, 1)
	<-began
	r, err := service.Stacks(t.Context(), nil)
	close(release)
	s.results(1)
	if err != nil || !strings.Contains(r.GetText(), "sdk.waitsForTheWarehouse") {
		t.Errorf("stacks (%v) don't have where the handler is:\n%s", err, r.GetText())
	}
	began = nil
	for range 2000 {
		go func() { <-t.Context().Done() }()
	}
	if n := len(stacks()); n > wire.MaxStacks || n < wire.MaxStacks/2 {
		t.Errorf("%d bytes", n)
	}
}

func waitsForTheWarehouse(c <-chan struct{}) { <-c }
