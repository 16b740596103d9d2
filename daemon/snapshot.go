package daemon

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/scheduler"
)

const (
	// snapshotAge is how old a status may be: however many ask, the scheduler is
	// asked ten times a second at most.
	snapshotAge = 100 * time.Millisecond
	// snapshotPatience is how long the scheduler may take to answer.
	snapshotPatience = time.Second
)

// snapshots keep the last status for those who ask next. Safe from any
// goroutine.
type snapshots struct {
	making chan struct{} // holds one: who makes a status; the others wait for it
	stale  atomic.Bool
	last   *console.Status
	at     time.Time
}

// forget makes the next one fresh.
func (s *snapshots) forget() { s.stale.Store(true) }

// Status implements console.Daemon.
func (d *Daemon) Status(ctx context.Context) (*console.Status, error) {
	select {
	case d.snapshots.making <- struct{}{}:
		defer func() { <-d.snapshots.making }()
	case <-ctx.Done():
		return nil, fmt.Errorf("ask for the status: %w", context.Cause(ctx))
	}
	if last := d.snapshots.last; last != nil && time.Since(d.snapshots.at) < snapshotAge && !d.snapshots.stale.Swap(false) {
		return last, nil
	}
	s, err := d.picture(ctx)
	if err != nil {
		return nil, err
	}
	d.snapshots.last, d.snapshots.at = s, time.Now()
	return s, nil
}

// picture asks everybody and puts the answers together.
func (d *Daemon) picture(ctx context.Context) (*console.Status, error) {
	v := view{daemon: d, now: time.Now()}
	if engine := d.engine.Load(); engine != nil {
		ctx, cancel := context.WithTimeout(ctx, snapshotPatience)
		defer cancel()
		var err error
		if v.scheduler, err = engine.Status(ctx); err != nil {
			return nil, err
		}
		v.members = d.fleet.status()
	}
	return v.status(), nil
}

// Scheduler is a picture of the scheduler alone.
func (d *Daemon) Scheduler(ctx context.Context) (scheduler.Status, error) {
	return d.engine.Load().Status(ctx)
}

// book is an alarms.Book that several may look at.
type book struct {
	mu   sync.Mutex
	book alarms.Book
}

func (b *book) update(now time.Time, conditions []alarms.Condition) (begun, ended []alarms.Alarm) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.book.Update(now, conditions)
}

func (b *book) standing() []alarms.Alarm {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.book.Standing()
}
