package priority

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Problem is one thing that is wrong, or worth knowing, about a document.
type Problem struct {
	// Pointer is a JSON pointer (RFC 6901); empty for the whole document.
	Pointer string
	// Line and Column count from 1, the column in bytes; 0 when unknown.
	Line, Column int
	Text         string
}

// String is line:column: pointer: text.
func (p Problem) String() string {
	where := ""
	if p.Line > 0 {
		where = fmt.Sprintf("%d:%d: ", p.Line, p.Column)
	}
	if p.Pointer != "" {
		where += strings.Map(fit, p.Pointer) + ": "
	}
	return where + p.Text
}

// fit keeps what would move a cursor or hide text from a terminal.
func fit(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}

// Problems is everything that is wrong with a document, as one error.
type Problems []Problem

// Error is one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for n := range p {
		lines[n] = p[n].String()
	}
	return strings.Join(lines, "\n")
}

// Parse reads and validates a settings document. The error is Problems: all of
// them at once. Warnings are things that a person should know: unknown keys,
// values that were replaced, parts without an effect.
func Parse(data []byte) (*Settings, []Problem, error) {
	if err := plausible(data); err != nil {
		return nil, nil, Problems{{Text: err.Error()}}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	root, err := parseTree(data)
	if err != nil {
		return nil, nil, err
	}
	if root.kind != '{' {
		return nil, nil, Problems{root.problem("want an object, such as {\"max_priority\": 10}")}
	}
	r := &reader{data: data, told: map[string]bool{}}
	root = r.unwrap(root)
	s := r.settings(root)
	s.check(func(pointer, format string, args ...any) {
		p := root.locate(pointer)
		p.Text = fmt.Sprintf(format, args...)
		r.problems = append(r.problems, p)
	})
	inOrder(r.problems)
	inOrder(r.warnings)
	if len(r.problems) > 0 {
		return nil, r.warnings, r.problems
	}
	return s, r.warnings, nil
}

func inOrder(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// plausible recognises what isn't a document at all.
func plausible(data []byte) error {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case len(data) > MaxDocument:
		return fmt.Errorf("document has %d bytes: at most %d are allowed", len(data), MaxDocument)
	case len(trimmed) == 0:
		return errors.New("document is empty")
	case trimmed[0] == '<':
		return errors.New("document is an HTML or XML page, not JSON: probably an error page of the server it came from")
	case !utf8.Valid(data):
		return errors.New("document is not UTF-8")
	}
	return nil
}
