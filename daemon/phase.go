package daemon

import "sync"

// The phases of a daemon's life, as status names them.
const (
	starting = "starting"
	running  = "running"
	stopping = "stopping"
)

// phase is where the daemon is in its life. Safe from any goroutine; the zero
// value is starting.
type phase struct {
	mu      sync.Mutex
	name    string
	waiting string
}

// set changes the phase; waiting says what a start waits for, if anything.
func (p *phase) set(name, waiting string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.name != stopping { // the last one
		p.name, p.waiting = name, waiting
	}
}

func (p *phase) get() (name, waiting string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.name == "" {
		return starting, p.waiting
	}
	return p.name, p.waiting
}
