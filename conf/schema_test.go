package conf

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/kafkaboost/boostd"
)

var update = flag.Bool("update", false, "write what is generated")

// schemaFile is what the command prints.
const schemaFile = "boostd.schema.json"

func TestSchemaIsFresh(t *testing.T) {
	g := generator{comments: map[string]map[string]string{}}
	schema := g.structure(reflect.ValueOf(defaults()).Elem())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "boostd.yaml"
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s isn't what the structs say (%v): go test ./conf -run TestSchemaIsFresh -update", schemaFile, err)
	}
}

// generator makes a schema of structs, their tags, defaults and comments.
type generator struct {
	comments map[string]map[string]string // by package, then Type.Field
}

type object = map[string]any

// holdsReference is a string in the place of something else: what it stands for
// isn't known here.
var holdsReference = object{"type": "string", "pattern": `\$\{`}

func (g *generator) structure(v reflect.Value) object {
	if s, ok := reflect.TypeAssert[defaulter](v.Addr()); ok {
		s.SetDefaults()
	}
	fields, keys := fieldsOf(v.Type())
	properties, required := object{}, []string{}
	for _, key := range keys {
		index := fields[key]
		field, owner := v.Type().FieldByIndex(index), v.Type()
		if len(index) > 1 {
			owner = v.Type().FieldByIndex(index[:len(index)-1]).Type
		}
		property := g.value(v.FieldByIndex(index), field.Tag.Get("schema"))
		if text, ok := strings.CutPrefix(g.comment(owner, field.Name), field.Name); ok {
			property["description"] = key + text
		}
		if field.Tag.Get("schema") == "required" {
			required = append(required, key)
		}
		properties[key] = property
	}
	schema := object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["type"], schema["required"] = "object", required
	}
	if v.Type() == reflect.TypeFor[Gate]() {
		schema["type"], schema["pattern"] = []string{"object", "string", "null"}, `^(on|off)$|\$\{`
	}
	if v.Type() == reflect.TypeFor[Handler]() {
		var kinds []object
		for _, kind := range []string{"exec", "http", "forward", "log", "noop", "plugin", "sleep"} {
			kinds = append(kinds, object{"required": []string{kind}})
		}
		schema["oneOf"] = kinds
	}
	return schema
}

func (g *generator) value(v reflect.Value, tag string) object {
	switch v.Type() {
	case reflect.TypeFor[boostd.Duration]():
		pattern := `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`
		return withDefault(v, object{"anyOf": []object{{"type": "string", "pattern": pattern}, {"const": 0}, holdsReference}})
	}
	if v.Kind() == reflect.Struct && single(v.Type()) {
		return object{"type": []string{"string", "integer"}}
	}
	if tag == "levels" {
		schema := g.value(v, "")
		types := []string{"string", "integer", "array"}
		if v.Kind() == reflect.Map {
			types = append(types, "object", "null")
		}
		schema["type"], schema["items"] = types, object{"type": []string{"string", "integer"}}
		return schema
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		return g.value(v.Elem(), tag)
	case reflect.Struct:
		return g.structure(v)
	case reflect.Map:
		return object{"type": []string{"object", "null"}, "propertyNames": object{"pattern": names.String()},
			"additionalProperties": g.value(reflect.New(v.Type().Elem()).Elem(), tag)}
	case reflect.Slice:
		return object{"type": "array", "items": g.value(reflect.New(v.Type().Elem()).Elem(), "")}
	case reflect.Bool:
		return withDefault(v, object{"anyOf": []object{{"type": "boolean"}, holdsReference}})
	case reflect.Int:
		number := object{"type": "integer"}
		if low, high, ok := strings.Cut(tag, ".."); ok {
			number["minimum"], number["maximum"] = json.Number(low), json.Number(high)
		}
		return withDefault(v, object{"anyOf": []object{number, holdsReference}})
	}
	if strings.Contains(tag, "|") {
		return withDefault(v, object{"anyOf": []object{{"enum": strings.Split(tag, "|")}, holdsReference}})
	}
	return withDefault(v, object{"type": []string{"string", "number", "boolean"}})
}

func withDefault(v reflect.Value, schema object) object {
	if !v.IsZero() {
		schema["default"] = plainValue(v)
	}
	return schema
}

// comment is a field's own comment as one paragraph.
func (g *generator) comment(t reflect.Type, field string) string {
	dir := filepath.Join("..", strings.TrimPrefix(t.PkgPath(), "github.com/kafkaboost/boostd"))
	if g.comments[dir] == nil {
		g.comments[dir] = readComments(dir)
	}
	return g.comments[dir][t.Name()+"."+field]
}

func readComments(dir string) map[string]string {
	comments := map[string]string{}
	own := func(i fs.FileInfo) bool { return !strings.HasSuffix(i.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), dir, own, parser.ParseComments) //nolint:staticcheck // no types are needed
	if err != nil {
		panic(err)
	}
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					for _, name := range f.Names {
						comments[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
					}
				}
			}
			return true
		})
	}
	return comments
}

// Every key says what it is.
func TestSchemaDescribesEveryKey(t *testing.T) {
	var whole object
	if err := json.Unmarshal(Schema, &whole); err != nil {
		t.Fatal(err)
	}
	var look func(path string, schema object)
	look = func(path string, schema object) {
		properties, _ := schema["properties"].(object)
		for key, p := range properties {
			inner := p.(object)
			if text, _ := inner["description"].(string); len(text) < 20 {
				t.Errorf("%s: its description is %q", join(path, key), text)
			}
			look(join(path, key), inner)
		}
		if inner, ok := schema["additionalProperties"].(object); ok {
			look(path+".NAME", inner)
		}
	}
	look("", whole)
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("boostd.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("boostd.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON is a file as a validator of JSON sees it.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var document any
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(textKeys(document))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// textKeys makes a level's number a key, as JSON has them.
func textKeys(v any) any {
	switch v := v.(type) {
	case []any:
		for n := range v {
			v[n] = textKeys(v[n])
		}
	case object:
		for key := range v {
			v[key] = textKeys(v[key])
		}
	case map[any]any:
		m := object{}
		for key := range v {
			m[fmt.Sprint(key)] = textKeys(v[key])
		}
		return m
	}
	return v
}

func TestSchemaTakesWhatIsValid(t *testing.T) {
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"levels in short": replaced("kafka: {brokers: [a], group: g, levels: 8-10}"), "a level": replaced("kafka: {brokers: [a], group: g, only_levels: 8}"),
		"a gate in one word": replaced("gate: off"), "a part of a gate": replaced("gate: {scope: group}"), "a gate elsewhere": replaced("gate: ${HOME}"),
		"full": string(full), "least": least, "example": string(Example), "example with all keys": uncommented(t),
	} {
		if err := compiled(t).Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatIsWrong(t *testing.T) {
	schema := compiled(t)
	for _, line := range []string{
		"polcy: {}", "kafka:", "kafka: {broker: [a]}", "kafka: [a]", "settings: file:settings.json", "topics: orders", "handlers: 7",
		"kafka: {brokers: localhost, group: g}", "kafka: {brokers: [a], group: [g]}", "kafka: {brokers: [a]}", "kafka: {brokers: [a], group: g, create_topics: yes please}",
		"kafka: {brokers: [a], group: g, properties: {a: {b: c}}}", "kafka: {brokers: [a], group: g, start: beginning}",
		"handlers: {h: {noop: {}, slots: 1.5}}", "handlers: {h: {noop: {}, slots: 0}}", "handlers: {h: {noop: {}, retry: {atempts: 3}}}",
		"handlers: {h: {slots: 3}}", "handlers: {h: {noop: {}, log: {}}}", "handlers: {\"a b\": {noop: {}}}", "handlers: {h: {exec: cat}}",
		"topics: {orders: {}}", "topics: {orders: {handler: h, order: random}}", "drain: 20", "drain: soon", "policy: {mode: fair}", "gate: maybe", "gate: {pausing: maybe}", "gate: {scope: cluster}", "gate: {level: 8}", "gate: [on]",
		"log: {level: loud}", "console: {port: 80}", "control: [x]",
		"policy: {max_wait: 30}", "policy: {min_share: [1]}", "policy: {reserve: {8: some}}", "handlers: {h: {noop: {}, policy: strict}}", "handlers: {h: {noop: {}, policy: {mode: fair}}}",
		"handlers: {h: {noop: {}, preemptible: often}}", "kafka: {brokers: [a], group: g, only_levels: {8: {}}}", "kafka: {brokers: [a], group: g, levels: [[8]]}",
	} {
		text := replaced(line)
		if err := schema.Validate(asJSON(t, text)); err == nil {
			t.Errorf("%q is taken", line)
		}
		if _, err := Parse("f", []byte(text)); err == nil {
			t.Errorf("%q is taken by Parse", line)
		}
	}
}

// replaced is the least file with a line in the place of the one that begins
// alike.
func replaced(line string) string { return replacedIn(least, line) }

func replacedIn(text, line string) string {
	section, _, _ := strings.Cut(line, ":")
	var lines []string
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, section+":") {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "") + line + "\n"
}
