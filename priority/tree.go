package priority

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// node is a JSON value that knows where it stands. kind is the first character
// of its form: { [ s (text) 0 (number) b (boolean) n (null).
type node struct {
	pointer      string
	key          string // in an object
	line, column int
	kind         byte
	value        any // string, json.Number or bool
	members      []*node
}

func (n *node) problem(text string) Problem {
	return Problem{Pointer: n.pointer, Line: n.line, Column: n.column, Text: text}
}

func (n *node) member(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m
		}
	}
	return nil
}

// locate finds the place of a pointer below n, or of the nearest thing above
// it that exists.
func (n *node) locate(pointer string) Problem {
	at := n
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		var next *node
		if at.kind == '[' {
			if i, err := strconv.Atoi(part); err == nil && i < len(at.members) {
				next = at.members[i]
			}
		} else {
			next = at.member(part)
		}
		if next == nil {
			break
		}
		at = next
	}
	p := at.problem("")
	p.Pointer = n.pointer + pointer
	return p
}

func (n *node) kindName() string {
	return map[byte]string{'{': "an object", '[': "a list", 's': "a text", '0': "a number", 'b': "a boolean", 'n': "null"}[n.kind]
}

// maxDepth bounds the nesting of a document.
const maxDepth = 100

type treeParser struct {
	data     []byte
	dec      *json.Decoder
	problems Problems
}

// place is the line and column at which the next token begins.
func (p *treeParser) place() (line, column int) {
	at := int(p.dec.InputOffset())
	for at < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:"), p.data[at]) >= 0 {
		at++
	}
	before := p.data[:at]
	return bytes.Count(before, []byte("\n")) + 1, at - bytes.LastIndexByte(before, '\n')
}

func (p *treeParser) fail(text string) Problems {
	line, column := p.place()
	return Problems{{Line: line, Column: column, Text: text}}
}

func (p *treeParser) token() (json.Token, error) {
	t, err := p.dec.Token()
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, p.fail("the document ends in the middle: it was probably truncated")
	case errors.As(err, &syntax):
		return nil, p.fail("not JSON: " + syntax.Error())
	default:
		return nil, p.fail("not JSON: " + err.Error())
	}
}

func (p *treeParser) value(pointer string, depth int) (*node, error) {
	n := &node{pointer: pointer}
	n.line, n.column = p.place()
	if depth > maxDepth {
		return nil, Problems{n.problem(fmt.Sprintf("nested deeper than %d", maxDepth))}
	}
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	switch v := t.(type) {
	case json.Delim:
		n.kind = byte(v)
		return n, p.members(n, depth)
	case string:
		n.kind, n.value = 's', v
	case json.Number:
		n.kind, n.value = '0', v
	case bool:
		n.kind, n.value = 'b', v
	case nil:
		n.kind = 'n'
	}
	return n, nil
}

func (p *treeParser) members(n *node, depth int) error {
	seen := map[string]bool{}
	for p.dec.More() {
		key, name := "", strconv.Itoa(len(n.members))
		line, column := p.place()
		if n.kind == '{' {
			t, err := p.token()
			if err != nil {
				return err
			}
			key, _ = t.(string)
			name = key
		}
		m, err := p.value(n.pointer+"/"+escapePointer(name), depth+1)
		if err != nil {
			return err
		}
		m.key = key
		if n.kind == '{' && seen[key] {
			p.problems = append(p.problems, Problem{m.pointer, line, column, "key stands here twice"})
		}
		seen[key] = true
		n.members = append(n.members, m)
	}
	_, err := p.token() // the closing bracket
	return err
}

func escapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}
