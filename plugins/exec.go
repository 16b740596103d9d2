package plugins

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// execDoer is a pool of processes of one program, one for each attempt under
// way: what has been written to a shared one couldn't be overtaken.
//
// A process counts from the decision to start it until it was reaped, so there
// are never more than slots, but for those that were dismissed. Calls that find
// none free wait, also while a broken program is held back: waiting costs no
// attempt.
type execDoer struct {
	command command
	log     *programLog

	starts   chan struct{} // one for each start that is wanted; room for as many as may be
	quit     chan struct{} // closed when the starter shall end
	quitOnce sync.Once
	stopped  chan struct{} // closed when it has

	mu       sync.Mutex
	all      map[*program]struct{} // not ended, or still heard
	idle     []*program            // the last used last
	slots    int                   // see setSlots
	running  int                   // wanted, and not reaped
	leaving  int                   // of these, dismissed
	starting int                   // of these, not there yet
	waiting  int                   // calls in take
	changed  chan struct{}         // closed and replaced when a waiting call should look again
	restarts restarts
	lastEnd  string // how the last program failed, while restarts holds back
	closed   bool
}

func newExecDoer(c command, slots int, logger hclog.Logger) *execDoer {
	d := &execDoer{
		command: c, slots: slots,
		log:    &programLog{logger: logger},
		starts: make(chan struct{}, maxSlots), quit: make(chan struct{}), stopped: make(chan struct{}),
		all: make(map[*program]struct{}), changed: make(chan struct{}),
	}
	go d.starter()
	return d
}

func (d *execDoer) do(ctx context.Context, m *boostd.Message) boostd.Result {
	p, err := d.take(ctx)
	if err != nil {
		return retry(err.Error())
	}
	r, intact, err := p.ask(ctx, m)
	d.give(p, intact, err == nil)
	if err != nil {
		return retry(err.Error())
	}
	return r
}

// take returns a program that is the caller's until give.
func (d *execDoer) take(ctx context.Context) (*program, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting++
	defer func() { d.waiting-- }()
	for {
		if d.closed {
			return nil, errClosed
		}
		if ctx.Err() != nil {
			return nil, d.noProgram(ctx)
		}
		if n := len(d.idle); n > 0 {
			p := d.idle[n-1]
			d.idle = d.idle[:n-1]
			if !p.gone() {
				return p, nil
			}
			p.close()
			continue
		}
		d.await(ctx, d.want(time.Now()))
	}
}

// want asks for a program to be started, if there aren't enough on their way
// for all who wait. It returns when to look again, 0 for when something changes.
func (d *execDoer) want(now time.Time) (wait time.Duration) {
	if d.starting >= d.waiting || d.running-d.leaving >= d.slots {
		return 0
	}
	wait, ok := d.restarts.start(now)
	if ok {
		d.running++
		d.starting++
		d.starts <- struct{}{} // has room for all that may run
	}
	return wait
}

// await lets go of the lock until something changes.
func (d *execDoer) await(ctx context.Context, wait time.Duration) {
	changed := d.changed
	d.mu.Unlock()
	defer d.mu.Lock()
	var over <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-changed:
	case <-over:
	case <-ctx.Done():
	}
}

// announce wakes whoever waits for a change. The lock is held.
func (d *execDoer) announce() {
	if d.waiting > 0 || d.closed {
		close(d.changed)
		d.changed = make(chan struct{})
	}
}

func (d *execDoer) noProgram(ctx context.Context) error {
	if d.lastEnd != "" {
		return fmt.Errorf("%s while waiting for a program: %s", whyEnded(ctx), d.lastEnd)
	}
	return fmt.Errorf("%s while waiting for a program", whyEnded(ctx))
}

// give takes a program back, or ends it when it can't be used again.
func (d *execDoer) give(p *program, intact, answered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if answered {
		p.answered = true
		if d.restarts.answered() {
			d.lastEnd = ""
			d.announce()
		}
	}
	// Something after the answer would be taken for the next one.
	intact = intact && p.reader.Buffered() == 0
	if intact && !d.closed && !p.gone() && d.tooMany() {
		d.dismiss(p)
		return
	}
	if intact && !d.closed && !p.gone() {
		d.idle = append(d.idle, p)
		d.announce()
		return
	}
	if !intact {
		p.kill()
	}
	p.close()
}
