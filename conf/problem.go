package conf

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the file, or with what was laid over
// it.
type Problem struct {
	File string `json:"file"`
	// Line and Column count from 1; 0 when the problem has no place in the file.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Override is what gave the value instead of the file: --set, or the name of
	// an environment variable. Then there is no line.
	Override string `json:"override,omitempty"`
	// Path is the key, such as handlers.orders.slots; empty for the whole file.
	Path string `json:"key,omitempty"`
	Text string `json:"text"`
}

// bySet is the Override of values from the command line.
const bySet = "--set"

// String is file:line:column: path: text; with an override, "--set path: text"
// or "BOOSTD_NAME: path: text".
func (p Problem) String() string {
	s := p.File
	switch {
	case p.Override == bySet && p.Path != "":
		return bySet + " " + p.Path + ": " + p.Text
	case p.Override != "":
		s = p.Override
	case p.Line > 0:
		s += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if p.Path != "" {
		s += ": " + p.Path
	}
	return s + ": " + p.Text
}

// Problems is everything that is wrong with the file, as one error.
type Problems []Problem

// Error is one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for n := range p {
		lines[n] = p[n].String()
	}
	return strings.Join(lines, "\n")
}

// sort orders problems as they stand in the file; behind it come the command
// line's and then the environment's.
func (p Problems) sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		switch {
		case a.Override != b.Override:
			return strings.Compare(a.Override, b.Override)
		case a.Line != b.Line:
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}
