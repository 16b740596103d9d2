package daemon

import (
	"sync/atomic"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
)

// resolution counts what is worth knowing about messages' priorities. Safe from
// any goroutine.
type resolution struct{ clamped, mistyped, outranked atomic.Uint64 }

// resolve gives a message its level by the settings in force.
func (d *Daemon) resolve(m *boostd.Message) {
	res := d.settings.resolver.Load().Consumed(m)
	m.Level = res.Level
	if res.Clamped {
		d.resolution.clamped.Add(1)
	}
	if res.Mistyped {
		d.resolution.mistyped.Add(1)
	}
	if res.Outranked {
		d.resolution.outranked.Add(1)
	}
}

// resolverFor is what gives a consumer's messages their level and, where a topic
// has tenants, their tenant.
func (d *Daemon) resolverFor(p consumerPlan) func(*boostd.Message) {
	if len(p.tenants) == 0 {
		return d.resolve
	}
	return func(m *boostd.Message) {
		d.resolve(m)
		m.Tenant = p.tenants[m.Topic].Of(m)
	}
}

func (r *resolution) status() console.Resolution {
	return console.Resolution{Clamped: r.clamped.Load(), Mistyped: r.mistyped.Load(), Outranked: r.outranked.Load()}
}
