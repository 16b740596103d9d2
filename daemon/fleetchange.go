package daemon

import (
	"maps"
	"reflect"
	"slices"
)

// fleetChange is what makes the consumers that run those that are planned.
type fleetChange struct {
	added, changed []consumerPlan
	gone           []member
}

// compare finds the least that must be done: a consumer of which nothing changes
// isn't there, so that its group doesn't rebalance.
func compare(running []member, planned []consumerPlan) (c fleetChange) {
	byName := map[string]member{}
	for _, m := range running {
		byName[m.plan.name] = m
	}
	for _, p := range planned {
		m, runs := byName[p.name]
		switch {
		case !runs:
			c.added = append(c.added, p)
		case !m.plan.same(p):
			c.changed = append(c.changed, p)
		}
		delete(byName, p.name)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		c.gone = append(c.gone, byName[name])
	}
	return c
}

func (c fleetChange) nothing() bool { return len(c.added)+len(c.changed)+len(c.gone) == 0 }

// same reports whether two plans of one name are of the same consumer in all.
func (p consumerPlan) same(q consumerPlan) bool {
	return p.level == q.level && sameTopics(p.topics, q.topics) && reflect.DeepEqual(p.orders, q.orders) && reflect.DeepEqual(p.tenants, q.tenants)
}

func sameTopics(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
