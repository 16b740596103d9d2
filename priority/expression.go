package priority

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/kafkaboost/boostd"
)

// Bounds of an expression. The cost is CEL's own measure, about one for each
// operation and each ten bytes of text that it looks at.
const (
	maxExpression = 2000 // bytes
	maxCost       = 5000
)

// program is an expression of CEL, the Common Expression Language, which has no
// loops but over what is there, changes nothing and reaches nowhere. It is safe
// for concurrent use.
type program struct{ cel cel.Program }

// compile checks the expression's syntax and types.
func (r *reader) compile(expr string) (*program, error) {
	if len(expr) > maxExpression {
		return nil, fmt.Errorf("expression has %d bytes: want at most %d", len(expr), maxExpression)
	}
	if strings.TrimSpace(expr) == "" {
		return nil, errors.New("expression is empty")
	}
	if r.language == nil {
		env, err := cel.NewEnv(
			cel.Variable("topic", cel.StringType),
			cel.Variable("key", cel.StringType),
			cel.Variable("headers", cel.MapType(cel.StringType, cel.StringType)),
			cel.Variable("value", cel.DynType),
			cel.ParserRecursionLimit(50),
		)
		if err != nil {
			return nil, fmt.Errorf("make the language of expressions: %w", err)
		}
		r.language = env
	}
	ast, issues := r.language.Compile(expr)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("expression: %s", sayIssues(issues))
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("expression is a %s: want true or false", t)
	}
	compiled, err := r.language.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("expression: %w", err)
	}
	return &program{compiled}, nil
}

// sayIssues are the compiler's words, a column for each.
func sayIssues(issues *cel.Issues) string {
	var all []string
	for _, e := range issues.Errors() {
		all = append(all, fmt.Sprintf("column %d: %s", e.Location.Column()+1, strings.Join(strings.Fields(e.Message), " ")))
		if len(all) == 3 {
			break
		}
	}
	return strings.Join(all, "; ")
}

// holds reports whether the expression is true for a message. A field that the
// message doesn't have, an operation that its types don't allow, and a cost above
// the bound make it false.
func (p *program) holds(m *variables) bool {
	result, _, err := p.cel.Eval(m)
	return err == nil && result == types.True
}

// variables are what expressions see of a message, each made when it is asked
// for. It implements CEL's Activation.
type variables struct {
	message boostd.Message // a copy: then the caller's need not be on the heap
	value   any
	read    bool
	headers map[string]string
}

// ResolveName implements Activation.
func (v *variables) ResolveName(name string) (any, bool) {
	switch name {
	case "topic":
		return v.message.Topic, true
	case "key":
		return strings.ToValidUTF8(string(v.message.Key), "\ufffd"), true
	case "headers":
		if v.headers == nil {
			v.headers = make(map[string]string, len(v.message.Headers))
			for _, h := range v.message.Headers {
				v.headers[h.Key] = strings.ToValidUTF8(string(h.Value), "\ufffd")
			}
		}
		return v.headers, true
	case "value":
		if !v.read {
			v.value, v.read = decode(v.message.Value), true
		}
		return v.value, true
	default:
		return nil, false
	}
}

// Parent implements Activation.
func (v *variables) Parent() cel.Activation { return nil }

// decode is a value as expressions see it: JSON as what it means, any other text
// as it is, and null for the rest.
func decode(value []byte) any {
	var v any
	if err := json.Unmarshal(value, &v); err == nil {
		return v
	}
	if utf8.Valid(value) && len(value) > 0 {
		return string(value)
	}
	return nil
}
