package daemon

import (
	"maps"
	"slices"
	"sync"

	"github.com/kafkaboost/boostd/priority"
)

// onceFile is the state file of the topics that were a level's once.
const onceFile = "levels.json"

// retired are topics of levels that the settings no longer have. Messages that wait
// there are not stranded: they are read until none waits, and again when new ones
// come. Safe from any goroutine; the zero value knows none.
type retired struct {
	mu      sync.Mutex
	once    map[string]bool       // topics that the settings had, now or earlier
	reading []priority.LevelTopic // what is read besides the settings' topics; never changed
}

// remember takes the names that were kept.
func (r *retired) remember(names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.once == nil {
		r.once = map[string]bool{}
	}
	for _, name := range names {
		r.once[name] = true
	}
}

// names are what is to be kept, in order.
func (r *retired) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.once))
}

// ours reports whether the settings had a topic once.
func (r *retired) ours(topic string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.once[topic]
}

func (r *retired) get() []priority.LevelTopic {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reading
}

func (r *retired) set(reading []priority.LevelTopic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading = reading
}

// retire is what is to be read besides the topics of the next settings: what is
// read so, and what the old ones had.
func retire(reading []priority.LevelTopic, old, next []priority.PlannedTopic) []priority.LevelTopic {
	planned, seen := map[string]bool{}, map[string]bool{}
	for _, t := range next {
		planned[t.Name] = true
	}
	var all []priority.LevelTopic
	add := func(t priority.LevelTopic) {
		if !planned[t.Name] && !seen[t.Name] {
			seen[t.Name] = true
			all = append(all, t)
		}
	}
	for _, t := range reading {
		add(t)
	}
	for _, t := range old {
		add(priority.LevelTopic{Name: t.Name, Base: t.Base, Level: t.Level, Outside: true})
	}
	return all
}

// stillRead is what is to be read of the existing topics outside of the settings:
// ours, as long as something waits in them, or it isn't known.
func stillRead(reading, left []priority.LevelTopic, waiting map[string]int64, ours func(priority.LevelTopic) bool) (all []priority.LevelTopic) {
	for _, t := range left {
		n, known := waiting[t.Name]
		read := slices.ContainsFunc(reading, func(r priority.LevelTopic) bool { return r.Name == t.Name })
		if ours(t) && (n > 0 || read && !known) {
			all = append(all, t)
		}
	}
	return all
}
