package conf

import (
	"encoding"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// single reports whether a key of this type holds a single value.
func single(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int:
		return true
	}
	return false
}

// fieldsOf are a struct's fields by key, those of embedded structs included, and
// the keys in their order.
func fieldsOf(t reflect.Type) (fields map[string][]int, keys []string) {
	fields = map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("yaml"); name != "" && name != "-" {
			fields[name] = f.Index
			keys = append(keys, name)
		}
	}
	return fields, keys
}

// child is the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// members are the keys of a mapping that are names, and their values.
func members(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k := n.Content[i]; k.Kind == yaml.ScalarNode && names.MatchString(k.Value) && !yield(k.Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// target is where an override's path leads: the keys one by one, and the type of
// what is there. Names may have dots in them; what the type and the file's own
// names allow decides where one ends.
type target struct {
	keys []string
	leaf reflect.Type
}

// find follows the rest of a path from a type, and from its node, which may be
// nil.
func find(t reflect.Type, n *yaml.Node, path, rest string) (target, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case rest == "":
		return target{leaf: t}, nil
	case single(t):
		return target{}, fmt.Errorf("%s holds a single value and has no keys", path)
	case t.Kind() == reflect.Slice:
		return target{}, fmt.Errorf("%s is a list: set it as a whole, such as %s=[a, b]", path, path)
	case t.Kind() == reflect.Map:
		return findName(t, n, path, rest)
	}
	key, rest, _ := strings.Cut(rest, ".")
	fields, known := fieldsOf(t)
	full := join(path, key)
	i, ok := fields[key]
	if !ok {
		return target{}, fmt.Errorf("%s", unknownKey(path, key, known))
	}
	inner, err := find(t.FieldByIndex(i).Type, child(n, key), full, rest)
	return target{append([]string{key}, inner.keys...), inner.leaf}, err
}

// findName tries the names that the file has, the longest first, then each
// place where a name could end; the first that leads somewhere counts.
func findName(t reflect.Type, n *yaml.Node, path, rest string) (target, error) {
	if single(t.Elem()) {
		if !names.MatchString(rest) {
			return target{}, fmt.Errorf("%.40q is no name: want letters, digits, '.', '_' and '-'", rest)
		}
		return target{[]string{rest}, t.Elem()}, nil
	}
	var candidates []string
	for name := range members(n) {
		if rest == name || strings.HasPrefix(rest, name+".") {
			candidates = append(candidates, name)
		}
	}
	slices.SortFunc(candidates, func(a, b string) int { return len(b) - len(a) })
	for i, r := range rest + "." {
		if r == '.' {
			candidates = append(candidates, rest[:i])
		}
	}
	var first error
	for _, name := range candidates {
		inner, err := find(t.Elem(), child(n, name), join(path, name), strings.TrimPrefix(rest[len(name):], "."))
		if err == nil && !names.MatchString(name) {
			err = fmt.Errorf("%.40q is no name: want letters, digits, '.', '_' and '-'", name)
		}
		if err == nil {
			return target{append([]string{name}, inner.keys...), inner.leaf}, nil
		}
		if first == nil {
			first = err
		}
	}
	return target{}, first
}
