package conf

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// decoder lays a YAML tree into structs, strictly, and remembers where each key
// stands, so that a section's own checks can be shown at their keys.
type decoder struct {
	file     string
	other    bool // it isn't boostd.yaml: see Decode
	env      environment
	places   map[string]*yaml.Node // by path
	origins  map[*yaml.Node]string // what gave nodes that are not from the file
	problems Problems
	warnings Problems
	more     int      // problems that are not told
	unread   Problems // those problems that were there before the sections' checks

	known    []string            // variables that would override something
	asked    map[string]bool     // variables that are referred to
	files    map[string]string   // what references were read from, by path
	expanded int                 // bytes that references stand for
	secret   map[*yaml.Node]bool // nodes whose value nobody may see
	guarded  map[string]bool     // paths of secrets, and of what is above them
	hidden   []string            // what may be shown nowhere
}

func newDecoder(file string, env environment) *decoder {
	return &decoder{
		file: file, env: env, places: map[string]*yaml.Node{}, origins: map[*yaml.Node]string{},
		asked: map[string]bool{}, files: map[string]string{}, secret: map[*yaml.Node]bool{}, guarded: map[string]bool{},
	}
}

// maxProblems is how many are told: nobody reads more, and each costs time.
const maxProblems = 1000

func (d *decoder) wrong(n *yaml.Node, path, format string, args ...any) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, d.problem(n, path, format, args...))
	} else {
		d.more++
	}
}

func (d *decoder) warn(n *yaml.Node, path, format string, args ...any) {
	d.warnings = append(d.warnings, d.problem(n, path, format, args...))
}

// problem is about a node, which may be one of no place; a secret that is known
// by now doesn't show in its text.
func (d *decoder) problem(n *yaml.Node, path, format string, args ...any) Problem {
	p := Problem{File: d.file, Path: path, Text: d.redact(fmt.Sprintf(format, args...), d.guarded[path])}
	if p.Override = d.origins[n]; p.Override == "" {
		p.Line, p.Column = n.Line, n.Column
	}
	return p
}

// close puts problems and warnings in order, once nothing is added any more. A
// secret that came to light after a text was made is taken out of it here.
func (d *decoder) close() {
	for _, list := range []Problems{d.problems, d.warnings} {
		for i := range list {
			list[i].Text = d.redact(list[i].Text, false)
		}
		list.sort()
	}
	if d.more > 0 {
		d.problems = append(d.problems, Problem{File: d.file, Text: fmt.Sprintf("and %d more", d.more)})
	}
}

func (d *decoder) decode(root *yaml.Node, into any) {
	d.value(root, reflect.ValueOf(into).Elem(), "")
}

// names are what people may call a topic, a handler or a level, and what
// librdkafka calls its properties.
var names = regexp.MustCompile(`^[A-Za-z0-9._-]{1,255}$`)

// join shows an unusual key in quotes, so that a path is fit for a terminal and
// never holds ": ".
func join(path, key string) string {
	if !names.MatchString(key) {
		key = fmt.Sprintf("%.40q", key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	d.places[path] = n
	switch {
	case n.Kind == yaml.AliasNode:
		d.wrong(n, path, "anchors and aliases are not supported")
		return
	case n.Style&yaml.TaggedStyle != 0:
		d.wrong(n, path, "tags such as %.40q are not supported", n.Tag)
		return
	case shortGate(n, v.Type()):
		d.places[join(path, pausingKey)] = n
		v = v.FieldByName("Pausing")
	}
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		if text, ok := d.scalar(n, path); ok {
			if err := u.UnmarshalText([]byte(text)); err != nil {
				d.wrong(n, path, "%v", err)
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.sequence(n, v, path)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	default:
		d.simple(n, v, path)
	}
}

// pairs are the keys and values of a mapping, duplicates reported and left out.
func (d *decoder) pairs(n *yaml.Node, path string, each func(key, value *yaml.Node)) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // `handlers:` with nothing behind it
	}
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "want keys and values, got %s", kindName(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.wrong(key, path, "a key must be a plain word")
		case seen[key.Value]:
			d.wrong(key, join(path, key.Value), "stands here twice")
		default:
			seen[key.Value] = true
			each(key, value)
		}
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	fields, known := fieldsOf(v.Type())
	d.pairs(n, path, func(key, value *yaml.Node) {
		full := join(path, key.Value)
		switch i, ok := fields[key.Value]; {
		case ok:
			d.value(value, v.FieldByIndex(i), full)
		case d.other:
			d.wrong(key, full, "unknown key%s", didYouMean(key.Value, known))
		case len(d.problems) < maxProblems:
			d.wrong(key, full, "%s", unknownKey(path, key.Value, known))
		default:
			d.more++
		}
	})
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, path, func(key, value *yaml.Node) {
		if !names.MatchString(key.Value) {
			d.wrong(key, join(path, key.Value), "want a name of letters, digits, '.', '_' and '-'")
			return
		}
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(value, element, join(path, key.Value))
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), element)
	})
}

func (d *decoder) sequence(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, path, "want a list, got %s", kindName(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, element := range n.Content {
		d.value(element, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) simple(n *yaml.Node, v reflect.Value, path string) {
	text, ok := d.scalar(n, path)
	if !ok {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil || len(text) == 1 {
			d.wrong(n, path, "want true or false, got %.40q", n.Value)
			return
		}
		v.SetBool(b)
	case reflect.Int:
		i, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			d.wrong(n, path, "want a whole number, got %.40q", n.Value)
			return
		}
		v.SetInt(i)
	default:
		d.wrong(n, path, "can't hold a value: its type has no place in boostd.yaml")
	}
}

// scalar is a node's text with its references replaced.
func (d *decoder) scalar(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, path, "want a single value, got %s", kindName(n))
		return "", false
	}
	if n.Tag == "!!null" {
		d.wrong(n, path, "has no value")
		return "", false
	}
	if d.other {
		return n.Value, true
	}
	return d.expand(n, path)
}

func kindName(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys and values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.Tag == "!!null":
		return "nothing"
	default:
		return fmt.Sprintf("%.40q", n.Value)
	}
}
