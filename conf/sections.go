package conf

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

type (
	defaulter interface{ SetDefaults() }
	validator interface{ Validate() []error }
	warner    interface{ Warnings() []error }
)

// finish sets defaults and runs the sections' checks, inner ones first.
func (d *decoder) finish(file any) {
	d.unread = d.problems
	d.sections(reflect.ValueOf(file).Elem(), "")
}

func (d *decoder) sections(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		if s, ok := reflect.TypeAssert[defaulter](v.Addr()); ok {
			zeros := d.zeros(v, path)
			s.SetDefaults()
			d.refuseZeros(zeros)
		}
		fields, keys := fieldsOf(v.Type())
		for _, key := range keys {
			d.sections(v.FieldByIndex(fields[key]), join(path, key))
		}
		if s, ok := reflect.TypeAssert[validator](v.Addr()); ok {
			d.check(s.Validate, path)
		}
		if s, ok := reflect.TypeAssert[warner](v.Addr()); ok {
			d.checkWith(s.Warnings, path, d.warn)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			d.sections(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			d.sections(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			element := reflect.New(v.Type().Elem()).Elem() // map elements can't be changed in place
			element.Set(v.MapIndex(key))
			d.sections(element, join(path, key.String()))
			v.SetMapIndex(key, element)
		}
	}
}

// zero is a key that was given a zero.
type zero struct {
	path  string
	value reflect.Value
	text  string
}

// zeros are the zeros that stand in the file: where a default would replace
// one, somebody meant what boostd wouldn't do.
func (d *decoder) zeros(v reflect.Value, path string) (found []zero) {
	fields, keys := fieldsOf(v.Type())
	for _, key := range keys {
		field, full := v.FieldByIndex(fields[key]), join(path, key)
		if field.Kind() == reflect.Pointer {
			field = field.Elem() // not valid when nothing is given
		}
		n := d.places[full]
		switch {
		case n == nil || !field.IsValid():
		case field.Kind() == reflect.Struct:
			found = append(found, d.zeros(field, full)...)
		case single(field.Type()) && field.Kind() != reflect.Bool && field.IsZero() && !d.concernsUnread(full):
			found = append(found, zero{full, field, shown(n)})
		}
	}
	return found
}

// shown is a zero as it was written.
func shown(n *yaml.Node) string {
	if n.Value == "" {
		return `""`
	}
	return printable(n.Value)
}

func (d *decoder) refuseZeros(zeros []zero) {
	for _, z := range zeros {
		if !z.value.IsZero() {
			d.wrong(d.places[z.path], z.path, "%s isn't possible: leave the key out for the default, %v", z.text, z.value)
		}
	}
}

// keyPath is the form of the key that an error's text may begin with.
var keyPath = regexp.MustCompile(`^[A-Za-z0-9._\[\]-]+$`)

// check adds problems, checkWith problems or warnings. It shows each of a
// section's errors at the key that its text begins with, or at the nearest one
// above that is there. What couldn't be read has its problem already: its zero
// value is nobody's mistake.
func (d *decoder) check(errs func() []error, path string) { d.checkWith(errs, path, d.wrong) }

func (d *decoder) checkWith(errs func() []error, path string, say func(*yaml.Node, string, string, ...any)) {
	for _, err := range errs() {
		full, text := path, err.Error()
		if key, rest, ok := strings.Cut(text, ": "); ok && keyPath.MatchString(key) {
			text = rest
			if full = key; path != "" {
				full = path + "." + key
			}
		}
		if !d.concernsUnread(full) {
			say(d.nearest(full), full, "%s", text)
		}
	}
}

// concernsUnread reports whether something at, above or below a path couldn't
// be read.
func (d *decoder) concernsUnread(path string) bool { return d.unread.concern(path) }

// concern reports whether one of the problems is at, above or below a path.
func (p Problems) concern(path string) bool {
	return slices.ContainsFunc(p, func(p Problem) bool { return within(p.Path, path) || within(path, p.Path) })
}

// within reports whether a path is another, or below it.
func within(outer, path string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (outer == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (d *decoder) nearest(path string) *yaml.Node {
	for {
		if n := d.places[path]; n != nil {
			return n
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return &yaml.Node{} // a key of the file itself is absent: no place
		}
		path = path[:cut]
	}
}
