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
	parent       *node
	key          string // in an object; in a list, the index
	line, column int
	from, to     int // where its text stands
	kind         byte
	value        any // string, json.Number or bool
	members      []*node
}

// pointer is made when somebody asks: with long keys the pointers of all nodes
// would be far larger than the document.
func (n *node) pointer() string {
	if n.parent == nil {
		return ""
	}
	name := n.key
	if len(name) > maxShownKey {
		name = strings.ToValidUTF8(name[:maxShownKey], "") + "…"
	}
	return n.parent.pointer() + "/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func (n *node) problem(text string) Problem {
	return Problem{Pointer: n.pointer(), Line: n.line, Column: n.column, Text: text}
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
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		var next *node
		if i, err := strconv.Atoi(part); err == nil && at.kind == '[' {
			next = at.members[i]
		} else {
			next = at.member(part)
		}
		if next == nil {
			break
		}
		at = next
	}
	p := at.problem("")
	p.Pointer = n.pointer() + pointer
	return p
}

func (n *node) kindName() string {
	return map[byte]string{'{': "an object", '[': "a list", 's': "a text", '0': "a number", 'b': "a boolean", 'n': "null"}[n.kind]
}

const (
	// maxDepth bounds the nesting of a document.
	maxDepth = 100
	// maxShownKey bounds a key in a pointer, in bytes.
	maxShownKey = 100
)

type treeParser struct {
	data     []byte
	dec      *json.Decoder
	problems Problems

	at, line, start int // where place has got to, its line, and where that begins
}

// parseTree reads JSON into nodes that know their place. Keys that stand twice
// are its only problems when there are any: what the rest means is open then.
func parseTree(data []byte) (*node, error) {
	p := &treeParser{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	p.dec.UseNumber()
	root := &node{}
	err := p.value(root, 0)
	if err == nil {
		behind := p.fail("text after the end of the document")
		if _, more := p.dec.Token(); !errors.Is(more, io.EOF) {
			err = behind
		}
	}
	if err != nil {
		return nil, err
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return root, nil
}

// place is the line and column at which the next token begins. It is asked in
// the order of the document, so that each byte is looked at once.
func (p *treeParser) place() (line, column int) {
	for ; p.at < len(p.data); p.at++ {
		c := p.data[p.at]
		if p.at >= int(p.dec.InputOffset()) && bytes.IndexByte([]byte(" \t\r\n,:"), c) < 0 {
			break
		}
		if c == '\n' {
			p.line, p.start = p.line+1, p.at+1
		}
	}
	return p.line, p.at - p.start + 1
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

// value reads the next value into n, whose place among others is known.
func (p *treeParser) value(n *node, depth int) error {
	n.line, n.column = p.place()
	n.from = p.at
	defer func() { n.to = int(p.dec.InputOffset()) }()
	if depth > maxDepth {
		return p.fail(fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	t, err := p.token()
	if err != nil {
		return err
	}
	switch v := t.(type) {
	case json.Delim:
		n.kind = byte(v)
		return p.members(n, depth)
	case string:
		n.kind, n.value = 's', v
	case json.Number:
		n.kind, n.value = '0', v
	case bool:
		n.kind, n.value = 'b', v
	case nil:
		n.kind = 'n'
	}
	return nil
}

func (p *treeParser) members(n *node, depth int) error {
	seen := map[string]bool{}
	for p.dec.More() {
		m := &node{parent: n, key: strconv.Itoa(len(n.members))}
		line, column := p.place()
		if n.kind == '{' {
			t, err := p.token()
			if err != nil {
				return err
			}
			m.key, _ = t.(string)
			if seen[m.key] {
				p.problems = append(p.problems, Problem{m.pointer(), line, column, "key stands here twice"})
			}
			seen[m.key] = true
		}
		if err := p.value(m, depth+1); err != nil {
			return err
		}
		n.members = append(n.members, m)
	}
	_, err := p.token() // the closing bracket
	return err
}
