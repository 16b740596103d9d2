package daemon

import (
	"slices"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/scheduler"
)

// group is what a pool's levels have to do everywhere, highest first. Those that
// nothing is known of are there too.
func (v *view) group(pool scheduler.PoolID, told []scheduler.GroupStatus) (all []console.GroupLevel) {
	for _, r := range poolLevels(v.daemon.fleet.groupParts()) {
		if r.pool != pool {
			continue
		}
		l := console.GroupLevel{Level: int(r.level)}
		n := slices.IndexFunc(told, func(g scheduler.GroupStatus) bool { return g.Level == r.level })
		if n >= 0 && told[n].Known(v.scheduler.At) {
			g := told[n]
			l.Outstanding, l.Holds, l.Stalled = &g.Outstanding, g.Holds, g.Stalled
		}
		all = append(all, l)
	}
	return all
}
