package plugins

import (
	"io"
	"runtime"
	"slices"
	"time"
)

// starter starts the programs. It keeps its thread to itself as long as there
// are any, because the kernel ends a program with the thread that started it.
func (d *execDoer) starter() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(d.stopped)
	for {
		select {
		case <-d.starts:
			d.start()
		case <-d.quit:
			return
		}
	}
}

func (d *execDoer) start() {
	d.mu.Lock()
	if d.closed {
		d.starting--
		d.running--
		d.announce()
		d.mu.Unlock()
		return
	}
	d.mu.Unlock()
	p, err := d.command.start(nil)
	if err != nil {
		d.log.notStarted(err)
	}
	d.arrived(p, err)
}

// arrived takes a new program into the pool, or notes that there is none.
func (d *execDoer) arrived(p *program, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.announce()
	d.starting--
	if err != nil {
		d.running--
		d.restarts.failed(time.Now())
		d.lastEnd = err.Error()
		return
	}
	d.all[p] = struct{}{}
	switch {
	case d.closed:
		p.kill()
		p.close()
	case d.tooMany():
		d.dismiss(p)
	default:
		d.idle = append(d.idle, p)
	}
	go d.watch(p)
}

// watch is the program's own goroutine.
func (d *execDoer) watch(p *program) {
	p.watch(func(stream io.Reader) { d.log.drain(p.process.Pid, stream) }, d.exited)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, p)
	d.announce()
}

// exited is called by the program's own goroutine when it was reaped.
func (d *execDoer) exited(p *program) {
	if d.leaves(p) {
		d.log.ended(p.process.Pid, p.status)
	}
}

// leaves takes a program out of the pool; it reports whether that was nobody's
// wish.
func (d *execDoer) leaves(p *program) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.announce()
	d.running--
	if p.dismissed {
		d.leaving--
		return false
	}
	if i := slices.Index(d.idle, p); i >= 0 {
		d.idle = slices.Delete(d.idle, i, i+1)
		p.close()
	}
	if d.closed {
		return false
	}
	if !p.answered {
		d.restarts.failed(time.Now())
		d.lastEnd = "the last one ended without an answer: " + p.status
	}
	return true
}
