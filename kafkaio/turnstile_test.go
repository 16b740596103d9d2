package kafkaio

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Nobody is inside while it is shut, and all get in when it opens.
func TestTurnstile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := newTurnstile()
		var through, inside atomic.Int32
		hold := make(chan struct{})
		for range 10 {
			go func() {
				if err := gate.enter(t.Context()); err != nil {
					t.Error(err)
				}
				inside.Add(1)
				<-hold
				inside.Add(-1)
				gate.leave()
				through.Add(1)
			}()
		}
		synctest.Wait()
		if inside.Load() != 0 {
			t.Fatal("somebody got in before it was open")
		}
		gate.open()
		synctest.Wait()
		if inside.Load() != 10 {
			t.Fatalf("%d are in, want 10", inside.Load())
		}
		shut := make(chan int32)
		go func() { gate.shut(); shut <- inside.Load() }()
		synctest.Wait()
		late, cancel := context.WithCancelCause(t.Context())
		refused := make(chan error, 1)
		go func() { refused <- gate.enter(late) }()
		synctest.Wait()
		close(hold)
		if n := <-shut; n != 0 || through.Load() > 10 {
			t.Errorf("shut with %d inside", n)
		}
		gone := errors.New("gone")
		cancel(gone)
		if err := <-refused; !errors.Is(err, gone) {
			t.Errorf("who waited too long: %v, want %v", err, gone)
		}
	})
}
