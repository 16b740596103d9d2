package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/actors"
)

const (
	// pulseInterval is the time between two rounds of questions to the actors.
	pulseInterval = time.Second
	// pulsePatience is how long one round waits for answers.
	pulsePatience = 2 * time.Second
	// standstill is how long a loop may take for one turn. The longest that is
	// right is a poll loop's rebalance: 3 s of draining and 5 s of committing.
	standstill = 15 * time.Second
)

// pulse knows when each loop that must not stand still last turned: the
// scheduler, the consumers' actors, their poll loops, and the daemon's own
// monitor. Idle turns count; brokers and handlers have no part in it. Safe from
// any goroutine; the zero value is ready.
type pulse struct {
	mu       sync.Mutex
	last     map[string]time.Time
	followed map[string]bool // the engine's loops
}

// turned notes a turn of a loop that isn't the engine's.
func (p *pulse) turned(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(name, time.Now())
}

func (p *pulse) put(name string, at time.Time) {
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	p.last[name] = at
}

// late names a loop that has not turned for longer than allowed, or is nil.
func (p *pulse) late(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(p.last)) {
		if still := now.Sub(p.last[name]); still > standstill {
			return fmt.Errorf("%s has stood still for %v", name, still.Round(time.Second))
		}
	}
	return nil
}

// watch asks the engine's loops until ctx ends.
func (p *pulse) watch(ctx context.Context, e *actors.Engine, f *fleet) {
	ticker := time.NewTicker(pulseInterval)
	defer ticker.Stop()
	for {
		p.follow(f.get())
		round, cancel := context.WithTimeout(ctx, pulsePatience)
		e.Turning(round, func(name string) { p.heard(actorOf(name), time.Now()) })
		cancel()
		for _, m := range f.status() {
			if !m.source.Turned.IsZero() {
				p.heard(pollLoopOf(m.plan.name), m.source.Turned)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// follow expects turns of what has come, from now on, and none of what has gone.
func (p *pulse) follow(members []member) {
	loops := map[string]bool{actorOf(actors.SchedulerName): true}
	for _, m := range members {
		loops[actorOf(m.plan.name)], loops[pollLoopOf(m.plan.name)] = true, true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range p.followed {
		if !loops[name] {
			delete(p.last, name)
		}
	}
	for name := range loops {
		if !p.followed[name] {
			p.put(name, time.Now())
		}
	}
	p.followed = loops
}

// heard notes a turn of what is followed; what has just gone may still answer.
func (p *pulse) heard(name string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.followed[name] {
		p.put(name, at)
	}
}

func actorOf(name string) string {
	if name == actors.SchedulerName {
		return "the scheduler"
	}
	return "the actor of consumer " + name
}

func pollLoopOf(consumer string) string { return "the poll loop of consumer " + consumer }
