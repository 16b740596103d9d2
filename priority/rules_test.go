package priority

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

// slowRules is the highest rule that a value matches, by the standard library
// and one rule after the other.
func slowRules(rules []*Rule, value []byte) (best *Rule) {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil {
		return nil
	}
	for _, rule := range rules {
		if rule.Field == "" {
			continue // never matches
		}
		here := slowMatch(object[rule.Field], rule.Value)
		if steps := strings.Split(rule.Field, "."); len(steps) > 1 {
			at, _ := json.Marshal(object)
			for _, step := range steps {
				var o map[string]json.RawMessage
				_ = json.Unmarshal(at, &o) // no object has no fields
				at = o[step]
			}
			here = here || slowMatch(at, rule.Value)
		}
		if here && (best == nil || rule.Priority > best.Priority) {
			best = rule
		}
	}
	return best
}

func slowMatch(raw json.RawMessage, want string) bool {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return false
	}
	switch v := v.(type) {
	case string:
		return v == want
	case bool:
		return fmt.Sprint(v) == want
	case json.Number:
		if strings.Trim(string(v), "-0123456789") == "" && v != "-0" {
			return string(v) == want
		}
		if f, err := v.Float64(); err == nil {
			if r := new(big.Rat).SetFloat64(f); r.IsInt() && r.Num().BitLen() <= 53 {
				return r.Num().String() == want
			}
			return false // other numbers are tested one by one
		}
	}
	return false
}

// Looking fields up and trying one rule after the other come to the same.
func FuzzRules(f *testing.F) {
	var rules []*Rule
	for n, text := range []string{"a=1", "a=x", "b=true", "a.b=1", "a.b.c=x", "a.c=", "b.a=-3", "é=1", "=1", "a.=0", "priority=1", "a=1"} {
		field, value, _ := strings.Cut(text, "=")
		rules = append(rules, &Rule{Field: field, Value: value, literal: "x", Priority: boostd.Level(n * 7 % 5), order: n})
	}
	index := newIndex(rules, false)
	for _, seed := range []string{
		`{"a": 1, "b": true}`, `{"a": {"b": {"c": "x"}, "c": ""}, "a.b": 1}`, `{"a": 1.0, "a": {"b": 1}}`, `{"a": {"b": 1}, "a": {"c": 1, "c": ""}}`,
		`{"\u00e9": 1e0, "b": {"a": -3}}`, `{"a": {"": 0, "b": [1]}}`, `{"a": null, "a": "x"}`, `{"a":[{"b":1}],"priority":"1"}`, `{"a": "\ud800", "é": -0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		if strings.ContainsRune(string(value), '\ufffd') || strings.ToValidUTF8(string(value), "") != string(value) {
			return // the standard library replaces what isn't UTF-8
		}
		got, want := index.read(value).rule, slowRules(rules, value)
		if got != want {
			t.Errorf("%q\n got %v\nwant %v", value, got, want)
		}
	})
}

// manyRules are a hundred, on ten fields.
func manyRules(fields string) string {
	var rules []string
	for n := range 100 {
		rules = append(rules, fmt.Sprintf(`{"role_name": "%s%d", "value": "v%d", "priority": %d}`, fields, n%10, n, n%10))
	}
	return `{"Rule_Base_priority": [` + strings.Join(rules, ",") + `]}`
}

// benchValue is a JSON object of about 1 KB with 24 fields, ten of them f0 to f9.
func benchValue() []byte {
	var members []string
	for n := range 10 {
		members = append(members, fmt.Sprintf(`"f%d": "content %d"`, n, n))
	}
	for n := range 14 {
		members = append(members, fmt.Sprintf(`"field_%d": "%s"`, n, strings.Repeat("x", 37)))
	}
	return []byte("{" + strings.Join(members, ", ") + "}")
}

// What rules cost: the fields of the message are there or not, matched or not.
func BenchmarkResolve(b *testing.B) {
	value := benchValue()
	matching := []byte(strings.Replace(string(value), "content 3", "v3", 1))
	for _, c := range []struct {
		name, document string
		value          []byte
	}{
		{"no rules", `{}`, value},
		{"100 rules on other fields", manyRules("g"), value},
		{"100 rules on its fields, none matches", manyRules("f"), value},
		{"100 rules on its fields, one matches", manyRules("f"), matching},
		{"100 rules, not JSON", manyRules("f"), value[1:]},
		{"one expression", `{"boostd": {"rules": [{"expr": "value.f3 == 'v3'", "priority": 1}]}}`, value},
		{"an expression that is stopped", `{"boostd": {"rules": [{"expr": "value.f0.size() + [1,2,3,4,5,6,7,8,9].map(a, [1,2,3,4,5,6,7,8,9].map(b, [1,2,3,4,5,6,7,8,9].map(c, [1,2,3,4,5,6,7,8,9].map(d, value.f1.size() + d)))).size() > 3", "priority": 1}]}}`, value},
		{"one expression on a header", `{"boostd": {"rules": [{"expr": "headers['a'] == 'v3'", "priority": 1}]}}`, value},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, _, err := Parse([]byte(c.document))
			if err != nil {
				b.Fatal(err)
			}
			r, m := NewResolver(s), &boostd.Message{Topic: "t", Value: c.value}
			b.ReportAllocs()
			for b.Loop() {
				r.Consumed(m)
			}
		})
	}
}

func TestRulesDoNotAllocate(t *testing.T) {
	s, _, err := Parse([]byte(manyRules("f")))
	if err != nil {
		t.Fatal(err)
	}
	r, m := NewResolver(s), &boostd.Message{Topic: "t", Value: benchValue()}
	if n := testing.AllocsPerRun(100, func() { r.Consumed(m) }); n != 0 {
		t.Errorf("%v allocations where no rule matches", n)
	}
}

// What is bounded in an expression, and what it says of one that is wrong.
func TestExpressions(t *testing.T) {
	list := "[" + strings.Repeat("1,", 200) + "1]"
	for _, c := range []struct{ expr, want string }{
		{"value.a ==", "expression: column 11: Syntax error: mismatched input '<EOF>'"},
		{"valeu.a == 1", "expression: column 1: undeclared reference to 'valeu'"},
		{"topic == 1", "expression: column 7: found no matching overload for '_==_'"},
		{"key + topic", "expression is a string: want true or false"},
		{"1", "expression is a int: want true or false"},
		{" ", "expression is empty"},
		{strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100), "expression:"},
		{"key == '" + strings.Repeat("x", maxExpression) + "'", "expression has 2009 bytes: want at most 2000"},
		{"key.matches('(')", "expression: error parsing regexp: missing closing ): `(`"},
		{"value.all(a, value.all(b, value.all(c, value.all(d, d == 1))))", ""}, // stopped while it runs
	} {
		text, _ := json.Marshal(map[string]any{"boostd": map[string]any{"rules": []any{map[string]any{"expr": c.expr, "priority": 1}}}})
		s, _, err := Parse(text)
		switch {
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), "/boostd/rules/0/expr: "+c.want)):
			t.Errorf("%.60s\n got %.200v\nwant %s", c.expr, err, c.want)
		case err == nil && c.want != "":
			t.Errorf("%.60s is accepted, want %s", c.expr, c.want)
		case err == nil:
			if got := NewResolver(s).Consumed(&boostd.Message{Key: []byte("("), Value: []byte(list)}); got.By != ByDefault {
				t.Errorf("%.60s is true", c.expr)
			}
		}
	}
}
