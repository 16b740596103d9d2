package conf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/priority"
)

// forwardErrors are forward handlers whose topic can't be, or whose messages would
// come back to them, as far as this file says.
func (f *File) forwardErrors() []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.Handlers)) {
		to := f.Handlers[name].Forward
		if to == nil || to.Topic == "" {
			continue
		}
		if priority.CheckTopic(to.Topic) != nil { // it shows parts of the name, which may stand for a secret
			errs = append(errs, fmt.Errorf("handlers.%s.forward.topic: want the name of a topic: letters, digits, '.', '_' and '-', at most 249, and no __ at its beginning", name))
		}
	}
	circles := map[string]bool{} // their handlers, told once
	for _, base := range slices.Sorted(maps.Keys(f.Topics)) {
		way := f.circle(base)
		if name := f.Topics[base].Handler; way != nil && !circles[name] {
			circles[name] = true
			errs = append(errs, fmt.Errorf("handlers.%s.forward: messages would go round in a circle: %s%s", name, strings.Join(way, " → "), f.wayOut(base, way)))
		}
	}
	return errs
}

// circle is the way from a base topic back to it over forward handlers, if there is
// one.
func (f *File) circle(base string) []string {
	way := []string{base}
	for at := base; len(way) <= len(f.Topics); {
		to := f.Handlers[f.Topics[at].Handler].Forward
		if to == nil {
			return nil
		}
		next, read := f.reads(at, *to)
		if !read {
			return nil
		}
		way = append(way, next)
		if next == base {
			return way
		}
		at = next
	}
	return nil // it leads into a circle that is told of elsewhere
}

// reads is the base topic that messages from one go to, and whether this instance
// reads them there. Those that go to levels of their own base it reads again, unless
// it leaves the levels to others.
func (f *File) reads(from string, to plugins.ForwardConfig) (base string, ok bool) {
	base = to.Topic
	if base == "" {
		base = from
	}
	if _, ok = f.Topics[base]; !ok {
		if cut, _, level := priority.CutLevel(base); level {
			base = cut
			_, ok = f.Topics[cut]
		}
	}
	if base == from && (to.Route || to.Topic != from) && f.onlyBase() {
		return base, false
	}
	return base, ok
}

// onlyBase reports whether this instance reads base topics alone.
func (f *File) onlyBase() bool {
	return len(f.Kafka.OnlyLevels) > 0 && !slices.ContainsFunc(f.Kafka.OnlyLevels, func(l kafkaio.Levels) bool { return len(l.Ranges) > 0 })
}

// wayOut says how routing within one base topic can work.
func (f *File) wayOut(base string, way []string) string {
	if len(way) == 2 && f.Handlers[f.Topics[base].Handler].Forward.Route {
		return ": name another topic, or let this instance read base topics alone, with kafka.only_levels: [base]"
	}
	return ": name another topic"
}
