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
	mu   sync.Mutex
	last map[string]time.Time
}

// turned notes a turn.
func (p *pulse) turned(name string) { p.set(name, time.Now()) }

func (p *pulse) set(name string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
func (p *pulse) watch(ctx context.Context, e *actors.Engine, consumers []string) {
	for name := range p.loops(consumers) {
		p.turned(name) // from now on
	}
	ticker := time.NewTicker(pulseInterval)
	defer ticker.Stop()
	for {
		round, cancel := context.WithTimeout(ctx, pulsePatience)
		e.Turning(round, func(name string) { p.turned(actorOf(name)) })
		cancel()
		for n, s := range e.Sources() {
			if !s.Turned.IsZero() {
				p.set(pollLoopOf(consumers[n]), s.Turned)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// loops are the names of all loops of an engine.
func (p *pulse) loops(consumers []string) map[string]bool {
	names := map[string]bool{actorOf(actors.SchedulerName): true}
	for _, c := range consumers {
		names[actorOf(c)], names[pollLoopOf(c)] = true, true
	}
	return names
}

func actorOf(name string) string {
	if name == actors.SchedulerName {
		return "the scheduler"
	}
	return "the actor of consumer " + name
}

func pollLoopOf(consumer string) string { return "the poll loop of consumer " + consumer }
