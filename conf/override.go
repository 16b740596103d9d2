package conf

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// overrideBySet lays the command line's KEY=VALUE over a tree. A key is written
// as problems write it: kafka.properties.fetch.wait.max.ms.
func (d *decoder) overrideBySet(root *yaml.Node, set []string) {
	for _, argument := range set {
		path, value, ok := strings.Cut(argument, "=")
		switch {
		case len(argument) > MaxFile:
			d.refuse(bySet, printable(path), "is larger than %d bytes", MaxFile)
		case !ok || path == "":
			d.refuse(bySet, "", "%.40q: want KEY=VALUE, such as kafka.group=workers", argument)
		case secretPath(path) && !reference.MatchString(value):
			d.refuse(bySet, path, "is a secret, and lists of processes show the command line: give a reference, such as '${file:PATH}', '${credential:NAME}' or '${NAME}'")
		default:
			if err := d.override(root, bySet, path, value); err != nil {
				d.refuse(bySet, printablePath(path), "%v", err)
			}
		}
	}
}

// reference is a value that is a reference and nothing else.
var reference = regexp.MustCompile(`^\$\{[^{}]+\}$`)

// printablePath is a path as it was given, fit for a terminal.
func printablePath(path string) string {
	if len(path) > 200 || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xfffd }) {
		return fmt.Sprintf("%.40q", path)
	}
	return path
}

// refuse is a problem of an override that came to no node.
func (d *decoder) refuse(override, path, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Override: override, Path: path, Text: fmt.Sprintf(format, args...)})
}

// override puts a value where a path leads to, and makes the sections above it.
func (d *decoder) override(root *yaml.Node, by, path, value string) error {
	if n := child(root, gateKey); path == gateKey && n != nil && n.Kind == yaml.MappingNode {
		path = join(gateKey, pausingKey)
	}
	to, err := find(reflect.TypeFor[File](), root, "", path)
	if err != nil {
		return err
	}
	n, err := overrideNode(to.leaf, path, value)
	if err != nil {
		return err
	}
	d.own(n, by)
	at := root
	for _, key := range to.keys[:len(to.keys)-1] {
		if at.Kind != yaml.MappingNode {
			return nil // the file's own mistake, and reported as that
		}
		inner := child(at, key)
		switch {
		case inner == nil:
			inner = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			d.origins[inner] = by
			setChild(at, key, inner)
		case inner.Kind == yaml.ScalarNode && inner.Tag == "!!null": // `policy:` and nothing behind it
			inner.Kind, inner.Tag, inner.Value = yaml.MappingNode, "!!map", ""
		case inner.Kind == yaml.ScalarNode && key == gateKey && at == root:
			d.lengthenGate(inner)
		}
		at = inner
	}
	if at.Kind == yaml.MappingNode {
		setChild(at, to.keys[len(to.keys)-1], n)
	}
	return nil
}

func setChild(n *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content[i+1] = value
			return
		}
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

// own notes what gave a node and all below it.
func (d *decoder) own(n *yaml.Node, by string) {
	d.origins[n] = by
	for _, inner := range n.Content {
		d.own(inner, by)
	}
}

// overrideNode is a value as a tree: a single one is taken as it is, quotes
// included, and a list as YAML writes it, in brackets.
func overrideNode(t reflect.Type, path, value string) (*yaml.Node, error) {
	switch {
	case strings.ToValidUTF8(value, "") != value || strings.ContainsRune(value, 0):
		return nil, errors.New("its value is no text")
	case single(t), t == reflect.TypeFor[Gate]():
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}, nil
	case t.Kind() == reflect.Slice:
		return listNode(path, value)
	case t.Kind() == reflect.Struct && t.NumField() == 0 && value == "{}":
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, nil
	case t.Kind() == reflect.Struct && t.NumField() == 0:
		return nil, errors.New("has no keys: want {}")
	case t.Kind() == reflect.Map && single(t.Elem()):
		return nil, fmt.Errorf("is a section: set one of its keys, such as %s.NAME=…", path)
	case t.Kind() == reflect.Map:
		_, keys := fieldsOf(t.Elem())
		return nil, fmt.Errorf("is a section: set one of its keys, such as %s.NAME.%s=…", path, keys[0])
	}
	_, keys := fieldsOf(t)
	return nil, fmt.Errorf("is a section: set one of its keys, such as %s.%s=…", path, keys[0])
}

func listNode(path, value string) (*yaml.Node, error) {
	var document, more yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(value))
	if err := decoder.Decode(&document); err != nil || len(document.Content) != 1 || document.Content[0].Kind != yaml.SequenceNode ||
		!errors.Is(decoder.Decode(&more), io.EOF) {
		return nil, fmt.Errorf("want a list in brackets, such as '%s=[a, b]', got %.40q", path, value)
	}
	return document.Content[0], nil
}

// prefix is what the names of overriding variables begin with.
const prefix = "BOOSTD_"

// variableName is the variable that overrides a key.
func variableName(path string) string {
	return prefix + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.ToUpper(path))
}

// overrideByEnvironment lays the variables BOOSTD_… over a tree. An empty one
// counts as not set.
func (d *decoder) overrideByEnvironment(root *yaml.Node) {
	known := map[string][]string{}
	variables(reflect.TypeFor[File](), root, "", func(path string) {
		known[variableName(path)] = append(known[variableName(path)], path)
	})
	for _, name := range slices.Sorted(maps.Keys(known)) {
		d.known = append(d.known, name)
		value, paths := d.env[name], known[name]
		switch {
		case value == "":
		case len(paths) > 1:
			d.refuse(name, "", "stands for %s: use --set", strings.Join(paths, " as well as for "))
		default:
			if err := d.override(root, name, paths[0], value); err != nil {
				d.refuse(name, paths[0], "%v", err)
			}
		}
	}
}

// variables visits every key that a variable may override: those of the schema,
// and below names of the user's own those that the file has.
func variables(t reflect.Type, n *yaml.Node, path string, visit func(path string)) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case single(t) || t.Kind() == reflect.Slice:
		visit(path)
	case t.Kind() == reflect.Map:
		for name, inner := range members(n) {
			variables(t.Elem(), inner, join(path, name), visit)
		}
	case t.Kind() == reflect.Struct:
		if t == reflect.TypeFor[Gate]() {
			visit(path)
		}
		fields, keys := fieldsOf(t)
		for _, key := range keys {
			variables(t.FieldByIndex(fields[key]).Type, child(n, key), join(path, key), visit)
		}
	}
}

// foreignVariable are names that others give: Kubernetes for a service that is
// called boostd, or begins so, and boostd's own tests.
var foreignVariable = regexp.MustCompile(`^BOOSTD_(TEST_.*|([A-Z0-9_]+_)?(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?))$`)

// warnOfUnusedVariables is for misspelt names. Their values aren't shown.
func (d *decoder) warnOfUnusedVariables() {
	for _, name := range slices.Sorted(maps.Keys(d.env)) {
		if !strings.HasPrefix(name, prefix) || foreignVariable.MatchString(name) || d.asked[name] || slices.Contains(d.known, name) {
			continue
		}
		d.warnings = append(d.warnings, Problem{File: d.file, Override: printablePath(name),
			Text: "has no effect: there is no such key" + didYouMean(name, d.known)})
	}
}
