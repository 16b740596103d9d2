package kafkaio

import (
	"context"
	"sync"
)

// turnstile lets goroutines through for a moment each, and can be shut. It begins
// shut. Safe from any goroutine, but for shut and open, which one calls at a time.
type turnstile struct {
	mu     sync.Mutex
	isOpen bool
	inside int
	opened chan struct{} // closed by open; of this shutting
	empty  chan struct{} // closed when nobody is inside any more; nil while nobody waits
}

func newTurnstile() *turnstile { return &turnstile{opened: make(chan struct{})} }

// enter waits until the turnstile is open, at most until ctx ends. Whoever is in
// leaves soon, and waits for nothing.
func (t *turnstile) enter(ctx context.Context) error {
	for {
		t.mu.Lock()
		if t.isOpen {
			t.inside++
			t.mu.Unlock()
			return nil
		}
		opened := t.opened
		t.mu.Unlock()
		select {
		case <-opened:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inside--
	if t.inside == 0 && t.empty != nil {
		close(t.empty)
		t.empty = nil
	}
}

// shut lets nobody in any more and returns when nobody is inside.
func (t *turnstile) shut() {
	t.mu.Lock()
	if t.isOpen {
		t.isOpen, t.opened = false, make(chan struct{})
	}
	if t.inside == 0 {
		t.mu.Unlock()
		return
	}
	empty := make(chan struct{})
	t.empty = empty
	t.mu.Unlock()
	<-empty
}

// open lets those in who wait.
func (t *turnstile) open() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.isOpen {
		t.isOpen = true
		close(t.opened)
	}
}
