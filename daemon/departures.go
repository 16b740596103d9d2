package daemon

import (
	"context"
	"fmt"
	"sync"
)

// departures are consumers that were sent away and still drain, commit, and leave
// their groups. Nobody has to wait for that but who needs their names. The zero
// value has none. Safe from any goroutine.
type departures struct {
	mu    sync.Mutex
	under map[string]chan struct{} // way, by name
}

// begin notes a departure; the caller calls gone when it is over.
func (d *departures) begin(name string) (gone func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.under == nil {
		d.under = map[string]chan struct{}{}
	}
	ended := make(chan struct{})
	d.under[name] = ended
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.under, name)
		close(ended)
	}
}

// await waits until nobody of that name is leaving, or for the end of ctx.
func (d *departures) await(ctx context.Context, name string) error {
	d.mu.Lock()
	ended := d.under[name]
	d.mu.Unlock()
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of the former consumer %s: %w", name, context.Cause(ctx))
	}
}
