package demo

import (
	"context"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/scheduler"
)

// watch asks the daemon how it is, for the run's own decisions and for whoever
// looks on.
type watch struct {
	options Options
	began   time.Time
	where   string
	end     chan struct{}
	tasks   sync.WaitGroup

	mu       sync.Mutex
	phase    string
	produced func() counts
	daemon   *daemon.Daemon // nil before its start and from its stop on
	last     scheduler.Status
	rates    rates
}

// newWatch begins to show pictures, if anybody looks; stop ends it.
func newWatch(o Options, began time.Time, where string) *watch {
	w := &watch{options: o, began: began, where: where, end: make(chan struct{}), phase: "creating topics"}
	if o.Show != nil {
		w.tasks.Go(w.run)
	}
	return w
}

func (w *watch) stop() {
	close(w.end)
	w.tasks.Wait()
}

func (w *watch) run() {
	ticker := time.NewTicker(w.options.Every)
	defer ticker.Stop()
	for {
		w.options.Show(w.snapshot())
		select {
		case <-w.end:
			return
		case <-ticker.C:
		}
	}
}

// say names the phase.
func (w *watch) say(phase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = phase
}

func (w *watch) counts(produced func() counts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.produced = produced
}

func (w *watch) attach(d *daemon.Daemon) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.daemon = d
}

// detach returns when nobody asks the daemon any more.
func (w *watch) detach() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.daemon = nil
}

// statusTimeout bounds one question; a daemon that is that late is busy.
const statusTimeout = time.Second

// ask is the daemon's newest status, and whether there is one. Only with mu.
func (w *watch) ask(ctx context.Context) bool {
	if w.daemon == nil {
		return !w.last.At.IsZero()
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	s, err := w.daemon.Scheduler(ctx)
	if err != nil {
		return false // asked again soon
	}
	w.last = s
	return true
}

func (w *watch) progress(ctx context.Context) (progress, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ask(ctx) {
		return progress{}, false
	}
	return progressOf(w.last, w.produced()), true
}

func (w *watch) snapshot() Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	var produced counts
	if w.produced != nil {
		produced = w.produced()
	}
	s := emptySnapshot(produced)
	s.Phase, s.Elapsed, s.Total = w.phase, time.Since(w.began), w.options.Total
	s.Where, s.Handler, s.Slots = w.where, w.options.HandlerText, w.options.Handler.Slots
	if w.ask(context.Background()) {
		s.fill(w.last, &w.rates)
	}
	return s
}
