package plugins

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"
)

const (
	// closeWait is how long close takes at most when its context has no deadline.
	closeWait = 10 * time.Second
	// killWait is how long the end of killed programs is waited for when the
	// context has ended.
	killWait = 200 * time.Millisecond
)

// close ends the programs: first by closing their input, after half of the
// time by SIGTERM, after three quarters by SIGKILL.
func (d *execDoer) close(ctx context.Context) error {
	d.shut()
	total := closeWait
	if deadline, ok := ctx.Deadline(); ok {
		total = time.Until(deadline)
	}
	if !d.emptied(ctx, total/2) {
		d.each(func(p *program) { p.signal(syscall.SIGTERM) })
		if !d.emptied(ctx, total/4) {
			d.each((*program).kill)
			_ = d.emptied(ctx, total/4) || d.emptied(context.WithoutCancel(ctx), killWait)
		}
	}
	d.quitOnce.Do(func() { close(d.quit) })
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) > 0 || d.running > 0 {
		pids := []int{}
		for p := range d.all {
			pids = append(pids, p.process.Pid)
		}
		slices.Sort(pids)
		return fmt.Errorf("programs don't end: %d, pids %v", max(d.running, len(d.all)), pids)
	}
	<-d.stopped // it has nothing left to start
	return nil
}

// shut lets nobody in any more and closes the input of the programs that wait
// for work; the others' follows when they have answered.
func (d *execDoer) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, p := range d.idle {
		p.close()
	}
	d.idle = nil
	d.announce()
}

func (d *execDoer) each(do func(*program)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for p := range d.all {
		do(p)
	}
}

// emptied waits until no program is left, at most for some time.
func (d *execDoer) emptied(ctx context.Context, wait time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.all) > 0 || d.running > 0 {
		if ctx.Err() != nil {
			return false
		}
		d.await(ctx, 0)
	}
	return true
}
