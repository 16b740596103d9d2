// Package newhandler writes the beginning of a plugin: a project that builds, with a
// test that passes.
//
// It owns the templates, one folder for each language. What stands in them is written as
// it is, but for {{.Name}}, the handler's name, and {{.Path}}, the project's folder. The
// ending .tmpl only keeps Go from taking them for its own.
package newhandler

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed all:templates
var templates embed.FS

// Languages are those that there are templates for, in alphabetical order.
func Languages() []string {
	entries, err := templates.ReadDir("templates")
	if err != nil {
		return nil // it is embedded
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

var goodName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// Write writes a project in a language to a folder that isn't there yet, or is empty,
// and returns the files' paths, relative to it. The handler is named after the folder.
// When it fails, nothing is left of it.
func Write(language, dir string) (files []string, err error) {
	if !slices.Contains(Languages(), language) {
		return nil, fmt.Errorf("no template for %q: want %s", language, strings.Join(Languages(), " or "))
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("write project: %w", err)
	}
	values := struct{ Name, Path string }{filepath.Base(dir), dir}
	if !goodName.MatchString(values.Name) {
		return nil, fmt.Errorf("the handler is named after its folder, and %.80q is no name for one: want a-z, then a-z, 0-9, - and _", values.Name)
	}
	made, err := makeEmpty(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			for _, f := range files {
				os.Remove(filepath.Join(dir, f))
			}
			if made {
				os.Remove(dir)
			}
			files = nil
		}
	}()
	root := "templates/" + language
	err = fs.WalkDir(templates, root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, root+"/"), ".tmpl")
		files = append(files, name)
		return writeFile(path, filepath.Join(dir, name), values)
	})
	return files, err
}

// makeEmpty makes the folder, or is content with an empty one.
func makeEmpty(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return false, fmt.Errorf("make folder: %w", err)
		}
		return true, nil
	case err != nil:
		return false, fmt.Errorf("look into folder: %w", err)
	case len(entries) > 0:
		return false, fmt.Errorf("%s isn't empty and is left alone: name another folder", dir)
	}
	return false, nil
}

func writeFile(from, to string, values any) error {
	text, err := templates.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	t, err := template.New(from).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, values); err != nil {
		return fmt.Errorf("fill template: %w", err)
	}
	mode := os.FileMode(0o644)
	if bytes.HasPrefix(b.Bytes(), []byte("#!")) {
		mode = 0o755
	}
	if err := os.WriteFile(to, b.Bytes(), mode); err != nil {
		return fmt.Errorf("write project: %w", err)
	}
	return nil
}
