package conf

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Value is one effective value of the configuration.
type Value struct {
	// Path is the key, as problems and --set write it.
	Path string `json:"key"`
	// Value is a string, number, boolean, list of strings, or an empty map for a
	// section without keys. A secret is a mask.
	Value any `json:"value"`
	// From is where it comes from: file:line:column, --set, the name of an
	// environment variable, or default.
	From string `json:"from"`
}

// preset is the From of what nobody gave.
const preset = "default"

// String is the value as it could stand in boostd.yaml or behind --set.
func (v Value) String() string {
	switch x := v.Value.(type) {
	case []string:
		quoted := make([]string, len(x))
		for n := range x {
			quoted[n] = plainOrQuoted(x[n])
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case string:
		return plainOrQuoted(x)
	case map[string]string:
		return "{}"
	}
	return fmt.Sprint(v.Value)
}

// plainOrQuoted quotes what isn't fit for a terminal, or would be read as
// something else.
func plainOrQuoted(text string) string {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) ||
		strings.ContainsAny(text, ",[]{}#\"'") || strings.TrimSpace(text) != text {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// values lists what a file came to.
func (d *decoder) values(f *File) []Value {
	var all []Value
	d.collect(reflect.ValueOf(f).Elem(), "", &all)
	return slices.DeleteFunc(all, func(v Value) bool { return v.Value == "" && v.From == preset })
}

func (d *decoder) collect(v reflect.Value, path string, all *[]Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch {
	case single(v.Type()):
		*all = append(*all, d.effective(path, plainValue(v)))
	case v.Kind() == reflect.Slice:
		if v.IsNil() {
			return
		}
		list := make([]string, v.Len())
		for i := range list {
			list[i] = fmt.Sprint(d.effective(fmt.Sprintf("%s[%d]", path, i), plainValue(v.Index(i))).Value)
		}
		*all = append(*all, d.effective(path, list))
	case v.Kind() == reflect.Map:
		names := slices.Sorted(maps.Keys(stringKeys(v)))
		for _, name := range names {
			d.collect(stringKeys(v)[name], join(path, name), all)
		}
	case v.NumField() == 0:
		*all = append(*all, d.effective(path, map[string]string{}))
	default:
		fields, keys := fieldsOf(v.Type())
		for _, key := range keys {
			d.collect(v.FieldByIndex(fields[key]), join(path, key), all)
		}
	}
}

func stringKeys(v reflect.Value) map[string]reflect.Value {
	m := map[string]reflect.Value{}
	for _, key := range v.MapKeys() {
		m[key.String()] = v.MapIndex(key)
	}
	return m
}

// plainValue is a single value as JSON has it.
func plainValue(v reflect.Value) any {
	if m, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return v.Interface()
}

func (d *decoder) effective(path string, value any) Value {
	n := d.places[path]
	if value == "" && (path == "control" || path == "state_dir") {
		value = off
	}
	if secretPath(path) || n != nil && d.secret[n] {
		value = mask
	}
	return Value{path, value, d.from(n)}
}

func (d *decoder) from(n *yaml.Node) string {
	switch {
	case n == nil:
		return preset
	case d.origins[n] != "":
		return d.origins[n]
	}
	return fmt.Sprintf("%s:%d:%d", d.file, n.Line, n.Column)
}
