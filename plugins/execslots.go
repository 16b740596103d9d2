package plugins

import "time"

// setSlots changes how many programs there may be. Of those that are too many, the
// ones that wait for work end at once, and others when they have answered.
func (d *execDoer) setSlots(slots int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slots = slots
	for len(d.idle) > 0 && d.tooMany() && !d.closed {
		p := d.idle[0] // the one that has waited for longest
		d.idle = append(d.idle[:0], d.idle[1:]...)
		d.dismiss(p)
	}
	d.announce()
}

// tooMany reports whether another program has to end. The lock is held.
func (d *execDoer) tooMany() bool { return d.running-d.leaving > d.slots }

// dismiss ends a program that nobody holds: by closing its input, and where it
// doesn't heed that, after a while by force. The lock is held.
func (d *execDoer) dismiss(p *program) {
	p.dismissed = true
	d.leaving++
	p.close()
	time.AfterFunc(closeWait, p.kill) // nothing happens to one that was reaped
}
