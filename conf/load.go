package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v4"
)

// MaxFile is the largest boostd.yaml in bytes.
const MaxFile = 1 << 20

// Problem is one thing that is wrong with the file.
type Problem struct {
	File string
	// Line and Column count from 1; 0 when the problem has no place.
	Line, Column int
	// Path is the key, such as handlers.orders.slots; empty for the whole file.
	Path string
	Text string
}

// String is file:line:column: path: text.
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
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

// Load reads a file. Its error is Problems.
func Load(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Problems{{File: path, Text: "can't be read: " + cause(err)}}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, Problems{{File: path, Text: "can't be read: " + cause(err)}}
	}
	file, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	if errs := (place{os.Getuid(), os.Getenv}).resolve(file); len(errs) > 0 {
		return nil, Problems{{File: path, Text: errs[0].Error()}}
	}
	return file, nil
}

func cause(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// Parse reads the content of a file; name is what its problems call it, and
// where relative paths count from. ${VAR} in a value stands for the variable of
// the environment.
func Parse(name string, data []byte) (*File, error) {
	if len(data) > MaxFile {
		return nil, Problems{{File: name, Text: fmt.Sprintf("is larger than %d bytes", MaxFile)}}
	}
	document, problem := tree(name, data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	d := &decoder{file: name, getenv: os.LookupEnv, places: map[string]*yaml.Node{}}
	f := defaults()
	f.Path = name
	d.decode(document.Content[0], f)
	d.finish(f)
	if len(d.problems) > 0 {
		slices.SortStableFunc(d.problems, func(a, b Problem) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, d.problems
	}
	return f, nil
}

// tree is the one document of a file.
func tree(name string, data []byte) (*yaml.Node, *Problem) {
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && (len(document.Content) == 0 || document.Content[0].Tag == "!!null") {
		return nil, &Problem{File: name, Text: "is empty"}
	}
	if err == nil {
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return &document, nil
		}
	}
	if err == nil {
		return nil, &Problem{name, second.Line, second.Column, "", "a second document begins here: want one"}
	}
	return nil, syntaxProblem(name, data, err)
}

// syntaxProblem takes the place out of the parser's own error.
func syntaxProblem(name string, data []byte, err error) *Problem {
	p := &Problem{File: name, Text: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	var load *yaml.LoadError
	if errors.As(err, &load) {
		p.Line, p.Column, p.Text = load.Mark.Line, load.Mark.Column, "not YAML: "+load.Message
	}
	lines := bytes.Split(data, []byte("\n"))
	if p.Line > 0 && p.Line <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[p.Line-1], " "), []byte("\t")) {
		p.Text += " (a tab: indent with spaces)"
	}
	return p
}

// didYouMean names the candidate that is nearest to a word, if one is near.
func didYouMean(word string, candidates []string) string {
	best, distance := "", 3
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(c)); d < distance && d < len(c) {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}
