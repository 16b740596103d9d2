package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kafkaboost/boostd/kafkaio"
)

// MaxFile is the largest boostd.yaml in bytes.
const MaxFile = 1 << 20

// Options say what is laid over a file.
type Options struct {
	// Set are overrides KEY=VALUE of the command line; of two for one key the
	// later counts.
	Set []string
	// Environ is the environment, NAME=value: variables BOOSTD_… override keys,
	// and ${NAME} refers to others.
	Environ []string
}

// Loaded is a file with all that was laid over it.
type Loaded struct {
	// File is nil when there is an error.
	File *File
	// Values are the effective values, in the order of the file's sections.
	Values []Value
	// Warnings are no errors: a person should read them, and boostd goes on. They
	// are there beside an error too.
	Warnings Problems
}

// Load is Read with the process's own environment and nothing else, for those
// who need no warnings.
func Load(path string) (*File, error) {
	loaded, err := Read(path, Options{Environ: os.Environ()})
	return loaded.File, err
}

// Read reads a file, lays the overrides over it, fills what is absent, and
// checks it as far as that goes without asking anybody else: no port is opened
// and no broker is asked. Its error is Problems.
func Read(path string, o Options) (Loaded, error) {
	data, err := readFile(path)
	if err != nil {
		return Loaded{}, Problems{{File: path, Text: err.Error()}}
	}
	d, f := parse(path, data, newEnvironment(o.Environ), o.Set, true)
	if f != nil {
		if problems := d.problems; !problems.concern("kafka") {
			d.checkWith(f.Kafka.CheckClients, "kafka", d.wrongOfClient)
		}
		d.check(func() []error { return d.env.place().resolve(f) }, "")
	}
	d.close()
	loaded := Loaded{Warnings: d.warnings}
	if len(d.problems) > 0 {
		return loaded, d.problems
	}
	loaded.File, loaded.Values = f, d.values(f)
	return loaded, nil
}

// wrongOfClient withholds what the client says about a secret: it may show it,
// cut off or changed, so that nothing could take it out.
func (d *decoder) wrongOfClient(n *yaml.Node, path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if d.guarded[path] && strings.HasPrefix(text, kafkaio.ClientSays) {
		text = "the Kafka client doesn't accept its value"
	}
	d.wrong(n, path, "%s", text)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", cause(err))
	}
	return data, nil
}

// cause is an error without the path that the problem names already.
func cause(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// Parse reads the content of a file without overrides; name is what its problems
// call it, and where relative paths count from. The paths of control and
// state_dir stay as they are written. Its error is Problems.
func Parse(name string, data []byte) (*File, error) {
	d, f := parse(name, data, newEnvironment(os.Environ()), nil, false)
	d.close()
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	return f, nil
}

// parse returns no file when there is nothing that could be checked further.
func parse(name string, data []byte, env environment, set []string, overridden bool) (*decoder, *File) {
	d := newDecoder(name, env)
	if len(data) > MaxFile {
		d.problems = Problems{{File: name, Text: fmt.Sprintf("is larger than %d bytes", MaxFile)}}
		return d, nil
	}
	document, problem := tree(name, data)
	if problem != nil {
		d.problems = Problems{*problem}
		return d, nil
	}
	root := document.Content[0]
	shortLevels(root)
	if overridden {
		d.overrideByEnvironment(root)
	}
	d.overrideBySet(root, set)
	f := defaults()
	f.Path = name
	d.decode(root, f)
	d.finish(f)
	if overridden {
		d.warnOfUnusedVariables()
	}
	return d, f
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
		return nil, &Problem{File: name, Line: second.Line, Column: second.Column, Text: "a second document begins here: want one"}
	}
	return nil, syntaxProblem(name, data, err)
}

// syntaxProblem takes the place out of the parser's own error.
func syntaxProblem(name string, data []byte, err error) *Problem {
	p := &Problem{File: name, Text: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		p.Line, p.Column, p.Text = load.Mark.Line, load.Mark.Column, "not YAML: "+load.Message
	}
	lines := bytes.Split(data, []byte("\n"))
	if p.Line > 0 && p.Line <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[p.Line-1], " "), []byte("\t")) {
		p.Text += " (a tab: indent with spaces)"
	}
	return p
}
