package daemon

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kafkaboost/boostd/console"
)

// others are the levels that kafka.only_levels leaves to other instances. Safe
// from any goroutine; the zero value leaves none.
type others struct {
	mu    sync.Mutex
	plans []consumerPlan // one a level, whatever handlers it has
	waits map[string]int64
}

// set takes the consumers that others are to have.
func (o *others) set(plans []consumerPlan) {
	byKey := map[string]*consumerPlan{}
	var keys []string
	for _, p := range plans {
		known := byKey[p.key]
		if known == nil {
			known = &consumerPlan{group: p.group, key: p.key}
			byKey[p.key] = known
			keys = append(keys, p.key)
		}
		known.topics = append(known.topics, p.topics...)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.plans = nil
	maps.DeleteFunc(o.waits, func(key string, _ int64) bool { return byKey[key] == nil })
	for _, key := range keys {
		slices.Sort(byKey[key].topics)
		o.plans = append(o.plans, *byKey[key])
	}
	slices.SortFunc(o.plans, func(a, b consumerPlan) int { return number(a.key) - number(b.key) })
}

// number is a level's, -1 for base.
func number(key string) int {
	if n, err := strconv.Atoi(key); err == nil {
		return n
	}
	return -1
}

// note keeps how many messages wait at a level.
func (o *others) note(key string, waiting int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waits == nil {
		o.waits = map[string]int64{}
	}
	o.waits[key] = waiting
}

// get are the plans; they are never changed.
func (o *others) get() []consumerPlan {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.plans
}

func (o *others) status() (all []console.Left) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.plans {
		l := console.Left{Group: p.group, Topics: p.topics}
		if n := number(p.key); n >= 0 {
			l.Level = &n
		}
		if waiting, known := o.waits[p.key]; known {
			l.Waiting = &waiting
		}
		all = append(all, l)
	}
	return all
}

// subjectOf is what alarms call a level that is left to others. No consumer has
// such a name.
func subjectOf(key string) string {
	if key == "base" {
		return "base topics"
	}
	return "level " + key
}

// divide parts all consumers into those that this instance has and those it
// leaves to others. It fails where nothing would be consumed.
func (d *Daemon) divide(all []consumerPlan) (own, left []consumerPlan, err error) {
	keys := map[string]bool{}
	for _, p := range all {
		keys[p.key] = true
		if d.file().Kafka.Consumes(p.key) {
			own = append(own, p)
		} else {
			left = append(left, p)
		}
	}
	if len(own) == 0 {
		return nil, left, fmt.Errorf("kafka.only_levels: nothing would be consumed: topics and settings have %s", inOrder(keys))
	}
	return own, left, nil
}

// tellUnknownLevels says which levels kafka.only_levels has and nobody else.
func (d *Daemon) tellUnknownLevels(all []consumerPlan) {
	if unknown := d.unknownLevels(all); unknown != "" {
		d.logger.Warn("kafka.only_levels has levels without a topic of their own: nothing is consumed of them", "levels", unknown)
	}
}

func (d *Daemon) unknownLevels(all []consumerPlan) string {
	keys, unknown := map[string]bool{}, map[string]bool{}
	for _, p := range all {
		keys[p.key] = true
	}
	for _, l := range d.file().Kafka.OnlyLevels {
		for _, r := range l.Ranges {
			for n := r.From; n <= r.To; n++ {
				if key := strconv.Itoa(int(n)); !keys[key] {
					unknown[key] = true
				}
			}
		}
	}
	return inOrder(unknown)
}

func inOrder(keys map[string]bool) string {
	sorted := slices.SortedFunc(maps.Keys(keys), func(a, b string) int { return number(a) - number(b) })
	return strings.Join(sorted, ", ")
}
