package daemon

import (
	"sync"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
)

// member is a consumer that runs, with what it was made from.
type member struct {
	plan   consumerPlan
	source *kafkaio.Consumer
	// transacts: it has transactions.
	transacts bool
}

// fleet are the consumers that run, and what the scheduler is told of their
// groups. Safe from any goroutine; what it gives is never changed.
type fleet struct {
	mu      sync.Mutex
	members []member
	parts   []groupPart
}

func (f *fleet) set(members []member, parts []groupPart) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members, f.parts = members, parts
}

func (f *fleet) get() []member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.members
}

// groupParts are what gate.scope group asks for.
func (f *fleet) groupParts() []groupPart {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.parts
}

// memberStatus is what a consumer's Source says of itself.
type memberStatus struct {
	plan   consumerPlan
	source boostd.SourceStatus
}

// status asks each Source.
func (f *fleet) status() []memberStatus {
	members := f.get()
	all := make([]memberStatus, len(members))
	for n, m := range members {
		all[n] = memberStatus{m.plan, m.source.Status()}
	}
	return all
}
