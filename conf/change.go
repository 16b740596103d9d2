package conf

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// reloadable are the keys that may change while boostd runs; NAME stands for names
// of the user's own. Every other key needs a restart, so one that is new does until
// it is listed here and the daemon puts its change into force.
var reloadable = slices.Concat(
	[]string{
		"settings.refresh",
		"topics.NAME.drain",
		"handlers.NAME.slots", "handlers.NAME.timeout", "handlers.NAME.preemptible",
		"handlers.NAME.batch.max", "handlers.NAME.batch.wait",
		"handlers.NAME.retry.attempts", "handlers.NAME.retry.backoff", "handlers.NAME.retry.max_backoff",
		"handlers.NAME.retry.final", "handlers.NAME.retry.again",
		"handlers.NAME.policy", // that there is one, or none
		"producer.embed_priority", "producer.strict",
		"log.level", "log.rooms",
		"drain",
	},
	policyKeys("policy"), policyKeys("handlers.NAME.policy"),
)

func policyKeys(section string) []string {
	return []string{section + ".mode", section + ".max_wait", section + ".min_share", section + ".reserve"}
}

// Change is how one file differs from another, by the paths of the keys, in the order
// of the file's sections.
type Change struct {
	// Reload are keys that may change while boostd runs, Restart those that may not.
	Reload, Restart []string
}

// None reports whether the two files say the same.
func (c Change) None() bool { return len(c.Reload)+len(c.Restart) == 0 }

// Err names the keys that need a restart; nil where none does.
func (c Change) Err() error {
	switch len(c.Restart) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s needs a restart of boostd: nothing was changed", c.Restart[0])
	}
	return fmt.Errorf("%s need a restart of boostd: nothing was changed", strings.Join(c.Restart, ", "))
}

// Compare finds what differs between two files that were read, with all that was laid
// over them. Both have their defaults: a key that is given as it was by itself is no
// difference.
func Compare(old, next *File) Change {
	var c Change
	c.compare(reflect.ValueOf(old).Elem(), reflect.ValueOf(next).Elem(), "", "")
	return c
}

// compare finds what differs at and below a path; pattern is the path with NAME for
// names.
func (c *Change) compare(old, next reflect.Value, path, pattern string) {
	t := old.Type()
	switch {
	case single(t) || t.Kind() == reflect.Slice && old.Len()+next.Len() == 0:
		if t.Kind() != reflect.Slice && !reflect.DeepEqual(old.Interface(), next.Interface()) {
			c.note(path, pattern)
		}
	case t.Kind() == reflect.Pointer:
		c.pointers(old, next, path, pattern)
	case t.Kind() == reflect.Map:
		c.maps(old, next, path, pattern)
	case t.Kind() == reflect.Struct:
		fields, keys := fieldsOf(t)
		for _, key := range keys {
			at := fields[key]
			c.compare(old.FieldByIndex(at), next.FieldByIndex(at), join(path, key), join(pattern, key))
		}
	case !reflect.DeepEqual(old.Interface(), next.Interface()):
		c.note(path, pattern)
	}
}

// pointers compares what may be absent. Of a section that comes or goes that is all
// there is to tell, unless it has something that needs a restart.
func (c *Change) pointers(old, next reflect.Value, path, pattern string) {
	switch {
	case old.IsNil() && next.IsNil():
		return
	case !old.IsNil() && !next.IsNil():
		c.compare(old.Elem(), next.Elem(), path, pattern)
		return
	}
	if !slices.Contains(reloadable, pattern) {
		c.note(path, pattern)
		return
	}
	absent, present := reflect.New(old.Type().Elem()).Elem(), old
	if old.IsNil() {
		present = next
	}
	var inner Change
	inner.compare(absent, present.Elem(), path, pattern)
	c.Restart = append(c.Restart, inner.Restart...)
	if len(inner.Restart) == 0 {
		c.note(path, pattern)
	}
}

// maps compares by name. A section that comes or goes is one difference.
func (c *Change) maps(old, next reflect.Value, path, pattern string) {
	was, is := stringKeys(old), stringKeys(next)
	var names []string
	for _, key := range append(old.MapKeys(), next.MapKeys()...) {
		names = append(names, key.String())
	}
	slices.Sort(names)
	inner := pattern
	if !single(old.Type().Elem()) {
		inner = join(pattern, "NAME")
	}
	for _, name := range slices.Compact(names) {
		a, before := was[name]
		b, after := is[name]
		if full := join(path, name); before && after {
			c.compare(a, b, full, inner)
		} else {
			c.note(full, inner)
		}
	}
}

func (c *Change) note(path, pattern string) {
	if slices.Contains(reloadable, pattern) {
		c.Reload = append(c.Reload, path)
	} else {
		c.Restart = append(c.Restart, path)
	}
}
